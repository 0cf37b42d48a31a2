-- rendered by `make derived`, do not edit; 22a39afbff1ea24b
DELETE FROM artists USING   load_artist_ids
WHERE
  artists.artist_id = load_artist_ids.artist_id
  AND NOT load_artist_ids.artist_id IN (
    SELECT
      staging_songs.artist_id
    FROM staging_songs
    WHERE
      NOT staging_songs.artist_id IS NULL
  )
