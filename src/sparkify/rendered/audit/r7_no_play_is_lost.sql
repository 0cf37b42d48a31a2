-- rendered by `make derived`, do not edit; 9a13c1d3a7e128d3
WITH loaded AS (
  SELECT
    songplays.start_time,
    COALESCE(CAST(songplays.user_id AS BIGINT), 2147483648) AS user_key,
    COALESCE(CAST(songplays.session_id AS BIGINT), 2147483648) AS session_key
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
  MIN('start_time ' || CAST(staging_events.ts AS TEXT(64))) AS example
FROM staging_events
LEFT JOIN loaded
  ON staging_events.ts = loaded.start_time
  AND COALESCE(CAST(staging_events.user_id AS BIGINT), 2147483648) = loaded.user_key
  AND COALESCE(CAST(staging_events.session_id AS BIGINT), 2147483648) = loaded.session_key
WHERE
  staging_events.page = 'NextSong'
  AND STRLEN(staging_events.page) = 8
  AND loaded.start_time IS NULL
