-- rendered by `make derived`, do not edit; 4a6aefa3fe54836c
CREATE TEMPORARY TABLE load_range AS
SELECT
  LEAST(
    (
      SELECT
        MIN(songplays.start_time)
      FROM songplays
    ),
    (
      SELECT
        MIN(time.start_time)
      FROM time
    )
  ) AS since,
  GREATEST(
    (
      SELECT
        MAX(songplays.start_time)
      FROM songplays
    ),
    (
      SELECT
        MAX(time.start_time)
      FROM time
    )
  ) AS until
