SELECT
  COUNT(*) AS violations,
  MIN('start_time ' || CAST(songplays.start_time AS TEXT(64))) AS example
FROM songplays
LEFT JOIN time
  ON songplays.start_time = time.start_time
WHERE
  time.start_time IS NULL
  AND songplays.start_time >= (
    SELECT
      load_range.since
    FROM load_range
  )
  AND songplays.start_time <= (
    SELECT
      load_range.until
    FROM load_range
  )
