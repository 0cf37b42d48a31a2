INSERT INTO time (
  start_time,
  hour,
  day,
  week,
  month,
  year,
  weekday
)
WITH loaded AS (
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
), new_instants AS (
  SELECT DISTINCT
    load_plays.start_time
  FROM load_plays
  LEFT JOIN loaded
    ON load_plays.start_time = loaded.start_time
  WHERE
    loaded.start_time IS NULL
)
SELECT
  new_instants.start_time,
  EXTRACT(HOUR FROM new_instants.start_time) AS hour,
  EXTRACT(DAY FROM new_instants.start_time) AS day,
  EXTRACT(WEEK FROM new_instants.start_time) AS week,
  EXTRACT(MONTH FROM new_instants.start_time) AS month,
  EXTRACT(YEAR FROM new_instants.start_time) AS year,
  EXTRACT(DAYOFWEEK FROM new_instants.start_time) AS weekday
FROM new_instants
