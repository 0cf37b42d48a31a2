-- rendered by `make derived`, do not edit; c7e40be654c33c02
WITH broken AS (
  SELECT
    'user_id ' || CAST(COALESCE(users.user_id, etl_users.user_id) AS TEXT(64)) AS example
  FROM users
  FULL OUTER JOIN etl_users
    ON users.user_id = etl_users.user_id
  WHERE
    users.user_id IS NULL OR etl_users.user_id IS NULL
  UNION ALL
  SELECT
    'song_id ' || COALESCE(staging_songs.song_id, etl_songs.song_id) AS example
  FROM staging_songs
  FULL OUTER JOIN etl_songs
    ON staging_songs.song_id = etl_songs.song_id
  WHERE
    staging_songs.song_id IS NULL OR etl_songs.song_id IS NULL
  UNION ALL
  SELECT
    'track_id ' || CAST(COALESCE(etl_tracks.track_id, etl_track_keys.track_id) AS TEXT(64)) AS example
  FROM etl_tracks
  FULL OUTER JOIN etl_track_keys
    ON etl_tracks.track_id = etl_track_keys.track_id
  WHERE
    etl_tracks.track_id IS NULL OR etl_track_keys.track_id IS NULL
  UNION ALL
  SELECT
    'song_id ' || etl_songs.song_id AS example
  FROM etl_songs
  GROUP BY
    etl_songs.song_id
  HAVING
    COUNT(*) > 1
  UNION ALL
  SELECT
    'user_id ' || CAST(etl_users.user_id AS TEXT(64)) AS example
  FROM etl_users
  GROUP BY
    etl_users.user_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN(broken.example) AS example
FROM broken
