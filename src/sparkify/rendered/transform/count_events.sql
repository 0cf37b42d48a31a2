-- rendered by `make derived`, do not edit; 1b51cfa4871bf874
WITH plays AS (
  SELECT
    staging_events.ts,
    COALESCE(CAST(staging_events.user_id AS BIGINT), 2147483648) AS user_key,
    COALESCE(CAST(staging_events.session_id AS BIGINT), 2147483648) AS session_key,
    COUNT(*) AS events
  FROM staging_events
  WHERE
    staging_events.page = 'NextSong' AND STRLEN(staging_events.page) = 8
  GROUP BY
    1,
    2,
    3
), known AS (
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
  COALESCE(
    SUM(CASE WHEN known.start_time IS NULL THEN plays.events - 1 ELSE plays.events END),
    0
  ) AS known_plays,
  (
    SELECT
      COUNT(*)
    FROM staging_events
    WHERE
      staging_events.page <> 'NextSong' OR STRLEN(staging_events.page) <> 8
  ) AS other_pages
FROM plays
LEFT JOIN known
  ON plays.ts = known.start_time
  AND plays.user_key = known.user_key
  AND plays.session_key = known.session_key
