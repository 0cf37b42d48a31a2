-- rendered by `make derived`, do not edit; 5909123537ab4783
WITH plays AS (
  SELECT
    songplays.start_time
  FROM songplays
  WHERE
    songplays.start_time >= (
      SELECT
        load_range.since
      FROM load_range
    )
    AND songplays.start_time <= (
      SELECT
        load_range.until
      FROM load_range
    )
)
SELECT
  COUNT(*) AS violations,
  MIN('start_time ' || CAST(time.start_time AS TEXT(64))) AS example
FROM time
LEFT JOIN plays
  ON time.start_time = plays.start_time
WHERE
  plays.start_time IS NULL
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
