-- rendered by `make derived`, do not edit; 3f10a970ab57f7f7
WITH most AS (
  SELECT
    plays.user_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.user_id IS NULL
  GROUP BY
    plays.user_id
  ORDER BY
    plays DESC NULLS FIRST,
    plays.user_id ASC
  LIMIT $limit
), heard AS (
  SELECT
    plays.user_id,
    COUNT(DISTINCT plays.session_id) AS sessions,
    MAX(plays.start_time) AS last_play
  FROM (
    $plays
  ) AS plays
  INNER JOIN most
    ON plays.user_id = most.user_id
  GROUP BY
    plays.user_id
)
SELECT
  most.user_id,
  users.first_name,
  users.last_name,
  users.level,
  most.plays,
  heard.sessions,
  heard.last_play
FROM most
INNER JOIN heard
  ON most.user_id = heard.user_id
LEFT JOIN users
  ON most.user_id = users.user_id
ORDER BY
  most.plays DESC NULLS FIRST,
  most.user_id ASC
