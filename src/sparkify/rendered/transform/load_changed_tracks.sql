-- rendered by `make derived`, do not edit; 33c98b890ba29d73
CREATE TEMPORARY TABLE load_changed_tracks AS
SELECT
  load_resolved.track_id,
  load_resolved.match,
  load_resolved.song_id,
  load_resolved.artist_id
FROM load_resolved
EXCEPT
SELECT
  etl_tracks.track_id,
  etl_tracks.match,
  etl_tracks.song_id,
  etl_tracks.artist_id
FROM etl_tracks
