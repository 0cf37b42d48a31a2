-- rendered by `make derived`, do not edit; d5078f44d8bcb056
WITH by_user AS (
  SELECT
    plays.user_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  GROUP BY
    plays.user_id
)
SELECT
  users.gender,
  CAST(SUM(by_user.plays) AS BIGINT) AS plays,
  COUNT(by_user.user_id) AS listeners
FROM by_user
LEFT JOIN users
  ON by_user.user_id = users.user_id
GROUP BY
  users.gender,
  STRLEN(users.gender)
ORDER BY
  plays DESC NULLS FIRST,
  users.gender ASC,
  STRLEN(users.gender) ASC
