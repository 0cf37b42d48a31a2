-- rendered by `make derived`, do not edit; da17c8965152ac07
WITH plays AS (
  SELECT
    staging_events.ts,
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
    staging_events.page = 'NextSong' AND STRLEN(staging_events.page) = 8
), loaded AS (
  SELECT
    songplays.start_time,
    COALESCE(CAST(songplays.user_id AS BIGINT), 2147483648) AS user_key,
    COALESCE(CAST(songplays.session_id AS BIGINT), 2147483648) AS session_key,
    songplays.level,
    songplays.location,
    songplays.user_agent,
    etl_plays.item_in_session,
    etl_tracks.song,
    etl_tracks.artist,
    etl_tracks.length
  FROM songplays
  INNER JOIN etl_plays
    ON songplays.songplay_id = etl_plays.songplay_id
    AND songplays.start_time = etl_plays.start_time
  INNER JOIN etl_tracks
    ON etl_plays.track_id = etl_tracks.track_id
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
    AND etl_plays.start_time >= (
      SELECT
        load_range.since
      FROM load_range
    )
    AND etl_plays.start_time <= (
      SELECT
        load_range.until
      FROM load_range
    )
)
SELECT
  COUNT(*) AS conflicts
FROM plays
INNER JOIN loaded
  ON plays.ts = loaded.start_time
  AND plays.user_key = loaded.user_key
  AND plays.session_key = loaded.session_key
WHERE
  COALESCE(plays.song, '') <> COALESCE(loaded.song, '')
  OR COALESCE(plays.artist, '') <> COALESCE(loaded.artist, '')
  OR COALESCE(plays.length, 0) <> COALESCE(loaded.length, 0)
  OR (
    plays.length IS NULL
  ) <> (
    loaded.length IS NULL
  )
  OR COALESCE(plays.level, '') <> COALESCE(loaded.level, '')
  OR COALESCE(plays.location, '') <> COALESCE(loaded.location, '')
  OR COALESCE(plays.user_agent, '') <> COALESCE(loaded.user_agent, '')
  OR COALESCE(STRLEN(plays.song), 0) <> COALESCE(STRLEN(loaded.song), 0)
  OR COALESCE(STRLEN(plays.artist), 0) <> COALESCE(STRLEN(loaded.artist), 0)
  OR COALESCE(STRLEN(plays.level), 0) <> COALESCE(STRLEN(loaded.level), 0)
  OR COALESCE(STRLEN(plays.location), 0) <> COALESCE(STRLEN(loaded.location), 0)
  OR COALESCE(STRLEN(plays.user_agent), 0) <> COALESCE(STRLEN(loaded.user_agent), 0)
  OR (
    NOT loaded.item_in_session IS NULL
    AND COALESCE(CAST(plays.item_in_session AS BIGINT), 2147483648) <> loaded.item_in_session
  )
