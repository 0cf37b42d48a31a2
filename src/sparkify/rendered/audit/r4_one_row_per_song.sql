-- rendered by `make derived`, do not edit; 33c1e1eec7730dde
WITH repeated AS (
  SELECT
    songs.song_id
  FROM songs
  GROUP BY
    songs.song_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN('song_id ' || CAST(repeated.song_id AS TEXT(256))) AS example
FROM repeated
