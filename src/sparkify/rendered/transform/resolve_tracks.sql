-- rendered by `make derived`, do not edit; 389709559d006d08
UPDATE etl_tracks SET match = load_changed_tracks.match, song_id = load_changed_tracks.song_id, artist_id = load_changed_tracks.artist_id
FROM load_changed_tracks
WHERE
  etl_tracks.track_id = load_changed_tracks.track_id
