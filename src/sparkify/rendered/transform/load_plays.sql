-- rendered by `make derived`, do not edit; 18bcb7af8974cf8e
CREATE TEMPORARY TABLE load_plays AS
WITH plays AS (
  SELECT
    staging_events.ts,
    staging_events.user_id,
    staging_events.session_id,
    staging_events.item_in_session,
    staging_events.song,
    staging_events.artist,
    staging_events.length,
    staging_events.level,
    staging_events.location,
    staging_events.user_agent
  FROM staging_events
  LEFT JOIN load_repeated
    ON staging_events.ts = load_repeated.ts
    AND COALESCE(CAST(staging_events.user_id AS BIGINT), 2147483648) = load_repeated.user_key
    AND COALESCE(CAST(staging_events.session_id AS BIGINT), 2147483648) = load_repeated.session_key
  WHERE
    staging_events.page = 'NextSong'
    AND STRLEN(staging_events.page) = 8
    AND load_repeated.ts IS NULL
  UNION ALL
  SELECT
    load_kept.ts,
    load_kept.user_id,
    load_kept.session_id,
    load_kept.item_in_session,
    load_kept.song,
    load_kept.artist,
    load_kept.length,
    load_kept.level,
    load_kept.location,
    load_kept.user_agent
  FROM load_kept
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
), last AS (
  SELECT
    CAST(COALESCE(MAX(CAST(etl_settings.value AS BIGINT)), 0) + (
      SELECT
        COALESCE(SUM(etl_batches.plays_new), 0)
      FROM etl_batches
    ) AS BIGINT) AS songplay_id
  FROM etl_settings
  WHERE
    etl_settings.name = 'songplay_floor'
)
SELECT
  last.songplay_id + ROW_NUMBER() OVER () AS songplay_id,
  etl_tracks.track_id,
  plays.item_in_session,
  plays.ts AS start_time,
  plays.user_id,
  CASE WHEN STRLEN(plays.level) > 0 THEN plays.level END AS level,
  etl_tracks.song_id,
  etl_tracks.artist_id,
  plays.session_id,
  CASE WHEN STRLEN(plays.location) > 0 THEN plays.location END AS location,
  CASE WHEN STRLEN(plays.user_agent) > 0 THEN plays.user_agent END AS user_agent
FROM plays
CROSS JOIN last
LEFT JOIN known
  ON plays.ts = known.start_time
  AND COALESCE(CAST(plays.user_id AS BIGINT), 2147483648) = known.user_key
  AND COALESCE(CAST(plays.session_id AS BIGINT), 2147483648) = known.session_key
INNER JOIN etl_tracks
  ON COALESCE(plays.song, '') = COALESCE(etl_tracks.song, '')
  AND COALESCE(plays.artist, '') = COALESCE(etl_tracks.artist, '')
  AND COALESCE(STRLEN(plays.song), 0) = COALESCE(STRLEN(etl_tracks.song), 0)
  AND COALESCE(STRLEN(plays.artist), 0) = COALESCE(STRLEN(etl_tracks.artist), 0)
  AND COALESCE(plays.length, 0) = COALESCE(etl_tracks.length, 0)
  AND (
    plays.length IS NULL
  ) = (
    etl_tracks.length IS NULL
  )
WHERE
  known.start_time IS NULL
