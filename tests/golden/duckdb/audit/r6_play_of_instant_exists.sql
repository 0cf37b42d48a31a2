SELECT
  COUNT(*) AS violations,
  MIN('start_time ' || CAST(time.start_time AS TEXT(64))) AS example
FROM time
LEFT JOIN songplays
  ON time.start_time = songplays.start_time
WHERE
  songplays.start_time IS NULL
  AND time.start_time >= (
    SELECT
      load_range.since
    FROM load_range
  )
  AND time.start_time <= (
    SELECT
      load_range.until
    FROM load_range
  )
