-- rendered by `make derived`, do not edit; 406dac3b0289b3d7
WITH played AS (
  SELECT
    plays.artist_id,
    COUNT(*) AS plays,
    COUNT(DISTINCT plays.user_id) AS listeners
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.artist_id IS NULL
  GROUP BY
    plays.artist_id
)
SELECT
  artists.artist_id,
  artists.name,
  played.plays,
  played.listeners
FROM played
INNER JOIN artists
  ON played.artist_id = artists.artist_id
ORDER BY
  played.plays DESC NULLS FIRST,
  artists.name ASC,
  artists.artist_id ASC
LIMIT $limit
