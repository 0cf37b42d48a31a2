-- rendered by `make derived`, do not edit; 91ca8972d14257e2
WITH named AS (
  SELECT DISTINCT
    staging_songs.artist_id
  FROM staging_songs
  WHERE
    STRLEN(staging_songs.artist_id) > 0
)
SELECT
  COUNT(*) AS violations,
  MIN('artist_id ' || COALESCE(artists.artist_id, named.artist_id)) AS example
FROM artists
FULL OUTER JOIN named
  ON artists.artist_id = named.artist_id
WHERE
  artists.artist_id IS NULL OR named.artist_id IS NULL
