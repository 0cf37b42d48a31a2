-- rendered by `make derived`, do not edit; 9b7ff3e2be52b407
SELECT
  COUNT(*) AS violations,
  MIN('song_id ' || COALESCE(songs.song_id, staging_songs.song_id)) AS example
FROM songs
FULL OUTER JOIN staging_songs
  ON songs.song_id = staging_songs.song_id
WHERE
  songs.song_id IS NULL
  OR staging_songs.song_id IS NULL
  OR COALESCE(songs.title, '') <> COALESCE(staging_songs.title, '')
  OR COALESCE(songs.artist_id, '') <> COALESCE(staging_songs.artist_id, '')
  OR COALESCE(songs.year, 0) <> COALESCE(staging_songs.year, 0)
  OR songs.year = 0
  OR COALESCE(songs.duration, 0) <> COALESCE(staging_songs.duration * 1000, 0)
  OR (
    songs.duration IS NULL
  ) <> (
    staging_songs.duration IS NULL
  )
