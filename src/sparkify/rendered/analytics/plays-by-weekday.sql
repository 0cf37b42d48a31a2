-- rendered by `make derived`, do not edit; 1b1ea13aefb1e3cc
SELECT
  EXTRACT(DAYOFWEEK FROM plays.start_time) AS weekday,
  EXTRACT(HOUR FROM plays.start_time) AS hour,
  COUNT(*) AS plays
FROM (
  $plays
) AS plays
GROUP BY
  EXTRACT(DAYOFWEEK FROM plays.start_time),
  EXTRACT(HOUR FROM plays.start_time)
ORDER BY
  weekday ASC,
  hour ASC
