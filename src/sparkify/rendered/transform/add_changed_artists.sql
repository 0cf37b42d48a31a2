-- rendered by `make derived`, do not edit; 414ad42c90b2a970
INSERT INTO artists (
  artist_id,
  name,
  location,
  latitude,
  longitude
)
SELECT
  load_changed_artists.artist_id,
  load_changed_artists.name,
  load_changed_artists.location,
  load_changed_artists.latitude,
  load_changed_artists.longitude
FROM load_changed_artists
