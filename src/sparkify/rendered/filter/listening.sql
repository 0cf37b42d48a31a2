-- rendered by `make derived`, do not edit; 74631bf84bcb3b95
SELECT
  DATE_TRUNC('DAY', plays.start_time) AS day,
  plays.user_id,
  plays.session_id,
  plays.level,
  STRLEN(plays.level) AS level_length,
  COUNT(*) AS plays
FROM (
  $plays
) AS plays
GROUP BY
  DATE_TRUNC('DAY', plays.start_time),
  plays.user_id,
  plays.session_id,
  plays.level,
  STRLEN(plays.level)
