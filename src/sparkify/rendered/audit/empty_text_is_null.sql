-- rendered by `make derived`, do not edit; f19eee1e77b519d9
WITH empty AS (
  SELECT
    'user_id ' || CAST(users.user_id AS TEXT(64)) AS example
  FROM users
  WHERE
    0 IN (
      STRLEN(users.first_name),
      STRLEN(users.last_name),
      STRLEN(users.gender),
      STRLEN(users.level)
    )
  UNION ALL
  SELECT
    'song_id ' || songs.song_id AS example
  FROM songs
  WHERE
    0 IN (STRLEN(songs.song_id), STRLEN(songs.title), STRLEN(songs.artist_id))
  UNION ALL
  SELECT
    'artist_id ' || artists.artist_id AS example
  FROM artists
  WHERE
    0 IN (STRLEN(artists.artist_id), STRLEN(artists.name), STRLEN(artists.location))
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
    AND 0 IN (
      STRLEN(songplays.level),
      STRLEN(songplays.song_id),
      STRLEN(songplays.artist_id),
      STRLEN(songplays.location),
      STRLEN(songplays.user_agent)
    )
)
SELECT
  COUNT(*) AS violations,
  MIN(empty.example) AS example
FROM empty
