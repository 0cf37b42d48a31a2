-- rendered by `make derived`, do not edit; e865a3dd7675019a
WITH agents(user_agent, browser, operating_system) AS (
  $agents
)
SELECT
  agents.browser,
  agents.operating_system,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.user_id) AS listeners
FROM (
  $plays
) AS plays
LEFT JOIN agents
  ON plays.user_agent = agents.user_agent
  AND STRLEN(plays.user_agent) = STRLEN(agents.user_agent)
GROUP BY
  agents.browser,
  agents.operating_system
ORDER BY
  plays DESC NULLS FIRST,
  agents.browser ASC,
  agents.operating_system ASC
