-- rendered by `make derived`, do not edit; 1600cde3d109a7ea
WITH repeated AS (
  SELECT
    songplays.songplay_id
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
  GROUP BY
    songplays.songplay_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN('songplay_id ' || CAST(repeated.songplay_id AS TEXT(64))) AS example
FROM repeated
