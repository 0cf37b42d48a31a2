SELECT
  artists.artist_id,
  artists.name,
  COUNT(*) AS plays,
  COUNT(DISTINCT songplays.user_id) AS listeners
FROM songplays
INNER JOIN artists
  ON songplays.artist_id = artists.artist_id
GROUP BY
  artists.artist_id,
  artists.name
ORDER BY
  plays DESC NULLS FIRST,
  artists.name ASC,
  artists.artist_id ASC
LIMIT ?
