-- rendered by `make derived`, do not edit; e9c5dc210c5ccb8b
WITH instants AS (
  SELECT
    time.start_time
  FROM time
  WHERE
    time.start_time >= (
      SELECT
        load_range.since
      FROM load_range
    )
    AND time.start_time <= (
      SELECT
        load_range.until
      FROM load_range
    )
)
SELECT
  COUNT(*) AS violations,
  MIN('start_time ' || CAST(songplays.start_time AS TEXT(64))) AS example
FROM songplays
LEFT JOIN instants
  ON songplays.start_time = instants.start_time
WHERE
  instants.start_time IS NULL
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
