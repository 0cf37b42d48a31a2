SELECT
  COUNT(*) AS violations,
  MIN('song_id ' || COALESCE(songs.song_id, staging_songs.song_id)) AS example
FROM songs
FULL OUTER JOIN staging_songs
  ON songs.song_id = staging_songs.song_id
WHERE
  songs.song_id IS NULL OR staging_songs.song_id IS NULL
