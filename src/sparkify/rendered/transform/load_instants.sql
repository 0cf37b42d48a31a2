-- rendered by `make derived`, do not edit; 7a6dab016676b92e
CREATE TEMPORARY TABLE load_instants AS
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
)
SELECT DISTINCT
  load_plays.start_time
FROM load_plays
LEFT JOIN loaded
  ON load_plays.start_time = loaded.start_time
WHERE
  loaded.start_time IS NULL
