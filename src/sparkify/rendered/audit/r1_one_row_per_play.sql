-- rendered by `make derived`, do not edit; e5ab6e6fa0afec40
WITH repeated AS (
  SELECT
    songplays.start_time,
    songplays.user_id,
    songplays.session_id
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
    songplays.start_time,
    songplays.user_id,
    songplays.session_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN(
    'start_time ' || CAST(repeated.start_time AS TEXT(64)) || ', user_id ' || COALESCE(CAST(repeated.user_id AS TEXT(64)), 'NULL') || ', session_id ' || COALESCE(CAST(repeated.session_id AS TEXT(64)), 'NULL')
  ) AS example
FROM repeated
