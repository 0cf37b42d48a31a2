-- rendered by `make derived`, do not edit; 914d494d71cbb073
WITH by_user AS (
  SELECT
    CAST(DATE_TRUNC($by, listening.day) AS DATE) AS period,
    listening.level,
    listening.level_length,
    listening.user_id,
    CAST(SUM(listening.plays) AS BIGINT) AS plays
  FROM (
    $listening
  ) AS listening
  GROUP BY
    CAST(DATE_TRUNC($by, listening.day) AS DATE),
    listening.level,
    listening.level_length,
    listening.user_id
)
SELECT
  by_user.period,
  by_user.level,
  CAST(SUM(by_user.plays) AS BIGINT) AS plays,
  COUNT(by_user.user_id) AS listeners
FROM by_user
GROUP BY
  by_user.period,
  by_user.level,
  by_user.level_length
ORDER BY
  by_user.period ASC,
  by_user.level ASC,
  by_user.level_length ASC
