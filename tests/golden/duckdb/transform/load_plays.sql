CREATE TEMPORARY TABLE load_plays AS
WITH plays AS (
  SELECT
    staging_events.ts,
    staging_events.user_id,
    staging_events.session_id,
    COALESCE(CAST(staging_events.user_id AS BIGINT), 2147483648) AS user_key,
    COALESCE(CAST(staging_events.session_id AS BIGINT), 2147483648) AS session_key,
    staging_events.item_in_session,
    staging_events.song,
    staging_events.artist,
    staging_events.length,
    staging_events.level,
    staging_events.location,
    staging_events.user_agent
  FROM staging_events
  WHERE
    staging_events.page = 'NextSong'
), repeated AS (
  SELECT
    plays.ts,
    plays.user_key,
    plays.session_key
  FROM plays
  GROUP BY
    plays.ts,
    plays.user_key,
    plays.session_key
  HAVING
    COUNT(*) > 1
), ranked AS (
  SELECT
    plays.ts,
    plays.user_id,
    plays.session_id,
    plays.user_key,
    plays.session_key,
    plays.item_in_session,
    plays.song,
    plays.artist,
    plays.length,
    plays.level,
    plays.location,
    plays.user_agent,
    ROW_NUMBER() OVER (
      PARTITION BY plays.ts, plays.user_key, plays.session_key
      ORDER BY plays.item_in_session ASC NULLS FIRST, plays.song ASC NULLS FIRST, plays.artist ASC NULLS FIRST, plays.length ASC NULLS FIRST, plays.level ASC NULLS FIRST, plays.location ASC NULLS FIRST, plays.user_agent ASC NULLS FIRST
    ) AS pick
  FROM plays
  INNER JOIN repeated
    ON plays.ts = repeated.ts
    AND plays.user_key = repeated.user_key
    AND plays.session_key = repeated.session_key
), distinct_plays AS (
  SELECT
    plays.ts,
    plays.user_id,
    plays.session_id,
    plays.user_key,
    plays.session_key,
    plays.item_in_session,
    plays.song,
    plays.artist,
    plays.length,
    plays.level,
    plays.location,
    plays.user_agent
  FROM plays
  LEFT JOIN repeated
    ON plays.ts = repeated.ts
    AND plays.user_key = repeated.user_key
    AND plays.session_key = repeated.session_key
  WHERE
    repeated.ts IS NULL
  UNION ALL
  SELECT
    ranked.ts,
    ranked.user_id,
    ranked.session_id,
    ranked.user_key,
    ranked.session_key,
    ranked.item_in_session,
    ranked.song,
    ranked.artist,
    ranked.length,
    ranked.level,
    ranked.location,
    ranked.user_agent
  FROM ranked
  WHERE
    ranked.pick = 1
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
  GREATEST(
    COALESCE((
      SELECT
        MAX(songplays.songplay_id)
      FROM songplays
    ), 0),
    COALESCE(
      (
        SELECT
          MAX(CAST(etl_settings.value AS BIGINT))
        FROM etl_settings
        WHERE
          etl_settings.name = 'songplay_floor'
      ),
      0
    )
  ) + ROW_NUMBER() OVER () AS songplay_id,
  etl_tracks.track_id,
  distinct_plays.item_in_session,
  distinct_plays.ts AS start_time,
  distinct_plays.user_id,
  NULLIF(distinct_plays.level, '') AS level,
  etl_tracks.song_id,
  etl_tracks.artist_id,
  distinct_plays.session_id,
  NULLIF(distinct_plays.location, '') AS location,
  NULLIF(distinct_plays.user_agent, '') AS user_agent
FROM distinct_plays
LEFT JOIN known
  ON distinct_plays.ts = known.start_time
  AND distinct_plays.user_key = known.user_key
  AND distinct_plays.session_key = known.session_key
INNER JOIN etl_tracks
  ON COALESCE(distinct_plays.song, '') = COALESCE(etl_tracks.song, '')
  AND COALESCE(distinct_plays.artist, '') = COALESCE(etl_tracks.artist, '')
  AND COALESCE(distinct_plays.length, 0) = COALESCE(etl_tracks.length, 0)
  AND (
    distinct_plays.length IS NULL
  ) = (
    etl_tracks.length IS NULL
  )
WHERE
  known.start_time IS NULL
