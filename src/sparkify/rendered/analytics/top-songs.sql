-- rendered by `make derived`, do not edit; cde03bbaae03e92f
WITH played AS (
  SELECT
    plays.song_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.song_id IS NULL
  GROUP BY
    plays.song_id
), most AS (
  SELECT
    songs.song_id,
    songs.title,
    songs.artist_id,
    played.plays
  FROM played
  INNER JOIN songs
    ON played.song_id = songs.song_id
  ORDER BY
    played.plays DESC NULLS FIRST,
    songs.title ASC,
    songs.song_id ASC
  LIMIT $limit
), heard AS (
  SELECT
    plays.song_id,
    COUNT(DISTINCT plays.user_id) AS listeners
  FROM (
    $plays
  ) AS plays
  INNER JOIN most
    ON plays.song_id = most.song_id
  GROUP BY
    plays.song_id
)
SELECT
  most.song_id,
  most.title,
  artists.name AS artist,
  most.plays,
  heard.listeners
FROM most
INNER JOIN heard
  ON most.song_id = heard.song_id
LEFT JOIN artists
  ON most.artist_id = artists.artist_id
ORDER BY
  most.plays DESC NULLS FIRST,
  most.title ASC,
  most.song_id ASC
