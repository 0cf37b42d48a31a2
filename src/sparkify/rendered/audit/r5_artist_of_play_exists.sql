-- rendered by `make derived`, do not edit; 83f4a5351c62f397
SELECT
  COUNT(*) AS violations,
  MIN('artist_id ' || CAST(songplays.artist_id AS TEXT(256))) AS example
FROM songplays
LEFT JOIN artists
  ON songplays.artist_id = artists.artist_id
WHERE
  NOT songplays.artist_id IS NULL
  AND artists.artist_id IS NULL
  AND songplays.start_time >= (
    SELECT
      load_range.since
    FROM load_range
  )
  AND songplays.start_time <= (
    SELECT
      load_range.until
    FROM load_range
  )
