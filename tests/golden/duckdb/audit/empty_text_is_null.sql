WITH empty AS (
  SELECT
    'user_id ' || CAST(users.user_id AS TEXT(64)) AS example
  FROM users
  WHERE
    '' IN (users.first_name, users.last_name, users.gender, users.level)
  UNION ALL
  SELECT
    'song_id ' || songs.song_id AS example
  FROM songs
  WHERE
    '' IN (songs.song_id, songs.title, songs.artist_id)
  UNION ALL
  SELECT
    'artist_id ' || artists.artist_id AS example
  FROM artists
  WHERE
    '' IN (artists.artist_id, artists.name, artists.location)
  UNION ALL
  SELECT
    'songplay_id ' || CAST(songplays.songplay_id AS TEXT(64)) AS example
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
    AND '' IN (
      songplays.level,
      songplays.song_id,
      songplays.artist_id,
      songplays.location,
      songplays.user_agent
    )
)
SELECT
  COUNT(*) AS violations,
  MIN(empty.example) AS example
FROM empty
