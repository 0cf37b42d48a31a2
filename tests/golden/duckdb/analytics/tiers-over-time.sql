SELECT
  CAST(DATE_TRUNC($by, plays.start_time) AS DATE) AS period,
  plays.level,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.user_id) AS listeners
FROM (
  $plays
) AS plays
GROUP BY
  CAST(DATE_TRUNC($by, plays.start_time) AS DATE),
  plays.level,
  STRLEN(plays.level)
ORDER BY
  period ASC,
  plays.level ASC,
  STRLEN(plays.level) ASC
