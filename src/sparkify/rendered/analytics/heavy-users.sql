-- rendered by `make derived`, do not edit; 553e9ac2acfb43c3
SELECT
  plays.user_id,
  users.first_name,
  users.last_name,
  users.level,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.session_id) AS sessions,
  MAX(plays.start_time) AS last_play
FROM (
  $plays
) AS plays
LEFT JOIN users
  ON plays.user_id = users.user_id
WHERE
  NOT plays.user_id IS NULL
GROUP BY
  plays.user_id,
  users.first_name,
  users.last_name,
  users.level
ORDER BY
  plays DESC NULLS FIRST,
  plays.user_id ASC
LIMIT $limit
