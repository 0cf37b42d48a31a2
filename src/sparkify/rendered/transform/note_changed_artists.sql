-- rendered by `make derived`, do not edit; 1357e7c96f579268
INSERT INTO run_artists (
  artist_id
)
SELECT
  load_changed_artists.artist_id
FROM load_changed_artists
