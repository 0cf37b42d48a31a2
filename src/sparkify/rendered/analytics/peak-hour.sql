-- rendered by `make derived`, do not edit; 0d4477f9993c6fe6
SELECT
  time.hour,
  COUNT(*) AS total_plays
FROM (
  $plays
) AS plays
INNER JOIN time
  ON plays.start_time = time.start_time
GROUP BY
  time.hour
ORDER BY
  total_plays DESC NULLS FIRST,
  time.hour ASC
LIMIT $limit
