-- rendered by `make derived`, do not edit; c771ec0f41dcf4cf
WITH played AS (
  SELECT
    plays.song_id,
    COUNT(*) AS plays,
    COUNT(DISTINCT plays.user_id) AS listeners
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.song_id IS NULL
  GROUP BY
    plays.song_id
)
SELECT
  songs.song_id,
  songs.title,
  artists.name AS artist,
  played.plays,
  played.listeners
FROM played
INNER JOIN songs
  ON played.song_id = songs.song_id
LEFT JOIN artists
  ON songs.artist_id = artists.artist_id
ORDER BY
  played.plays DESC NULLS FIRST,
  songs.title ASC,
  songs.song_id ASC
LIMIT $limit
