INSERT INTO run_artists (
  artist_id
)
SELECT
  load_changed_artists.artist_id
FROM load_changed_artists
