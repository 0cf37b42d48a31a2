SELECT
  CAST(songplays.start_time AS DATE) AS day,
  COUNT(*) AS plays,
  COUNT(DISTINCT songplays.user_id) AS listeners,
  COUNT(DISTINCT songplays.session_id) AS sessions
FROM songplays
GROUP BY
  CAST(songplays.start_time AS DATE)
ORDER BY
  day ASC
