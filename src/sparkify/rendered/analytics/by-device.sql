-- rendered by `make derived`, do not edit; a821bf3bdc9060a9
WITH agents(user_agent, browser, operating_system) AS (
  $agents
), by_user AS (
  SELECT
    plays.user_agent,
    STRLEN(plays.user_agent) AS agent_length,
    plays.user_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  GROUP BY
    plays.user_agent,
    STRLEN(plays.user_agent),
    plays.user_id
)
SELECT
  agents.browser,
  agents.operating_system,
  CAST(SUM(by_user.plays) AS BIGINT) AS plays,
  COUNT(DISTINCT by_user.user_id) AS listeners
FROM by_user
LEFT JOIN agents
  ON by_user.user_agent = agents.user_agent
  AND by_user.agent_length = STRLEN(agents.user_agent)
GROUP BY
  agents.browser,
  agents.operating_system
ORDER BY
  plays DESC NULLS FIRST,
  agents.browser ASC,
  agents.operating_system ASC
