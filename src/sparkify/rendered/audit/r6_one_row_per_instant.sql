-- rendered by `make derived`, do not edit; 329339b370a55623
WITH repeated AS (
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
  GROUP BY
    time.start_time
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN('start_time ' || CAST(repeated.start_time AS TEXT(64))) AS example
FROM repeated
