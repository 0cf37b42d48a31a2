-- rendered by `make derived`, do not edit; 68f4f9525e451fd8
WITH repeated AS (
  SELECT
    artists.artist_id
  FROM artists
  GROUP BY
    artists.artist_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN('artist_id ' || CAST(repeated.artist_id AS TEXT(256))) AS example
FROM repeated
