-- rendered by `make golden`, do not edit; 850c4c33d4ae869b
WITH by_user AS (
  SELECT
    CAST(DATE_TRUNC($by, plays.start_time) AS DATE) AS period,
    plays.level,
    STRLEN(plays.level) AS level_length,
    plays.user_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  GROUP BY
    CAST(DATE_TRUNC($by, plays.start_time) AS DATE),
    plays.level,
    STRLEN(plays.level),
    plays.user_id
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
