-- rendered by `make derived`, do not edit; dde910f888e0f485
SELECT
  songs.title,
  COUNT(*) AS play_count
FROM (
  $plays
) AS plays
INNER JOIN songs
  ON plays.song_id = songs.song_id
GROUP BY
  songs.title,
  STRLEN(songs.title)
ORDER BY
  play_count DESC NULLS FIRST,
  songs.title ASC,
  STRLEN(songs.title) ASC
LIMIT $limit
