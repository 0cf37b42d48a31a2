-- rendered by `make derived`, do not edit; 9cf5c532ea82e723
SELECT
  artists.artist_id,
  artists.name,
  artists.location,
  artists.latitude,
  artists.longitude,
  COUNT(*) AS plays
FROM (
  $plays
) AS plays
INNER JOIN artists
  ON plays.artist_id = artists.artist_id
WHERE
  NOT artists.latitude IS NULL AND NOT artists.longitude IS NULL
GROUP BY
  artists.artist_id,
  artists.name,
  artists.location,
  artists.latitude,
  artists.longitude
ORDER BY
  plays DESC NULLS FIRST,
  artists.name ASC,
  artists.artist_id ASC
LIMIT $limit
