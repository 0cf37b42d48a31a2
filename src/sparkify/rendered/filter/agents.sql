-- rendered by `make derived`, do not edit; 8fae52a3dfa609d5
SELECT
  plays.user_agent,
  COUNT(*) AS plays
FROM (
  $plays
) AS plays
WHERE
  NOT plays.user_agent IS NULL
GROUP BY
  plays.user_agent,
  STRLEN(plays.user_agent)
ORDER BY
  plays DESC NULLS FIRST,
  plays.user_agent ASC,
  STRLEN(plays.user_agent) ASC
LIMIT $limit
