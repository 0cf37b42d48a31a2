-- rendered by `make derived`, do not edit; bccb2fdbc8189659
SELECT
  COUNT(*) AS violations,
  MIN('start_time ' || CAST(time.start_time AS TEXT(64))) AS example
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
  AND (
    COALESCE(time.hour, -1) <> EXTRACT(HOUR FROM time.start_time)
    OR COALESCE(time.day, -1) <> EXTRACT(DAY FROM time.start_time)
    OR COALESCE(time.week, -1) <> EXTRACT(WEEK FROM time.start_time)
    OR COALESCE(time.month, -1) <> EXTRACT(MONTH FROM time.start_time)
    OR COALESCE(time.year, -999999) <> EXTRACT(YEAR FROM time.start_time)
    OR COALESCE(time.weekday, -1) <> EXTRACT(DAYOFWEEK FROM time.start_time)
  )
