-- rendered by `make derived`, do not edit; ad2e2ea83ea448d2
INSERT INTO etl_tracks (
  track_id,
  song,
  artist,
  length,
  match
)
SELECT
  load_tracks.track_id,
  load_tracks.song,
  load_tracks.artist,
  load_tracks.length,
  'none' AS match
FROM load_tracks
