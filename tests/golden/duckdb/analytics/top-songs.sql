SELECT
  songs.song_id,
  songs.title,
  artists.name AS artist,
  COUNT(*) AS plays,
  COUNT(DISTINCT songplays.user_id) AS listeners
FROM songplays
INNER JOIN songs
  ON songplays.song_id = songs.song_id
LEFT JOIN artists
  ON songs.artist_id = artists.artist_id
GROUP BY
  songs.song_id,
  songs.title,
  artists.name
ORDER BY
  plays DESC NULLS FIRST,
  songs.title ASC,
  songs.song_id ASC
LIMIT ?
