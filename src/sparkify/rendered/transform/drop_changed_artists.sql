-- rendered by `make derived`, do not edit; 5aa532278e396351
DELETE FROM artists USING   load_changed_artists
WHERE
  artists.artist_id = load_changed_artists.artist_id
