-- rendered by `make derived`, do not edit; 4e99ef16c17217b2
WITH played AS (
  SELECT
    plays.artist_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.artist_id IS NULL
  GROUP BY
    plays.artist_id
), most AS (
  SELECT
    artists.artist_id,
    artists.name,
    played.plays
  FROM played
  INNER JOIN artists
    ON played.artist_id = artists.artist_id
  ORDER BY
    played.plays DESC NULLS FIRST,
    artists.name ASC,
    artists.artist_id ASC
  LIMIT $limit
), heard AS (
  SELECT
    plays.artist_id,
    COUNT(DISTINCT plays.user_id) AS listeners
  FROM (
    $plays
  ) AS plays
  INNER JOIN most
    ON plays.artist_id = most.artist_id
  GROUP BY
    plays.artist_id
)
SELECT
  most.artist_id,
  most.name,
  most.plays,
  heard.listeners
FROM most
INNER JOIN heard
  ON most.artist_id = heard.artist_id
ORDER BY
  most.plays DESC NULLS FIRST,
  most.name ASC,
  most.artist_id ASC
