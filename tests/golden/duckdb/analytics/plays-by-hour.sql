SELECT
  time.hour,
  COUNT(*) AS plays,
  COUNT(DISTINCT songplays.user_id) AS listeners
FROM songplays
INNER JOIN time
  ON songplays.start_time = time.start_time
GROUP BY
  time.hour
ORDER BY
  time.hour ASC
