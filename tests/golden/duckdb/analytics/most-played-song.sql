SELECT
  songs.title,
  COUNT(*) AS play_count
FROM songplays
INNER JOIN songs
  ON songplays.song_id = songs.song_id
GROUP BY
  songs.title
ORDER BY
  play_count DESC NULLS FIRST,
  songs.title ASC
LIMIT ?
