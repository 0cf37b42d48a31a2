-- rendered by `make derived`, do not edit; 2e8df3f061eb0f88
SELECT
  EXTRACT(HOUR FROM plays.start_time) AS hour,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.user_id) AS listeners
FROM (
  $plays
) AS plays
GROUP BY
  EXTRACT(HOUR FROM plays.start_time)
ORDER BY
  hour ASC
