-- rendered by `make derived`, do not edit; c4910985e93a1670
WITH played_songs AS (
  SELECT DISTINCT
    plays.song_id
  FROM (
    $plays
  ) AS plays
), played_artists AS (
  SELECT DISTINCT
    plays.artist_id
  FROM (
    $plays
  ) AS plays
)
SELECT
  'songs' AS kind,
  COUNT(*) AS in_catalogue,
  COUNT(played_songs.song_id) AS played,
  CAST(COUNT(played_songs.song_id) AS DOUBLE) / NULLIF(COUNT(*), 0) AS share
FROM songs
LEFT JOIN played_songs
  ON songs.song_id = played_songs.song_id
UNION ALL
SELECT
  'artists' AS kind,
  COUNT(*) AS in_catalogue,
  COUNT(played_artists.artist_id) AS played,
  CAST(COUNT(played_artists.artist_id) AS DOUBLE) / NULLIF(COUNT(*), 0) AS share
FROM artists
LEFT JOIN played_artists
  ON artists.artist_id = played_artists.artist_id
ORDER BY
  kind DESC NULLS FIRST
