-- rendered by `make derived`, do not edit; 7ec6f2411eb65ae3
INSERT INTO etl_track_keys (
  track_id,
  title_key,
  artist_key
)
SELECT
  load_tracks.track_id,
  titles.normal AS title_key,
  names.normal AS artist_key
FROM load_tracks
LEFT JOIN load_texts AS titles
  ON RTRIM(load_tracks.song, ' ') = titles.text
LEFT JOIN load_texts AS names
  ON RTRIM(load_tracks.artist, ' ') = names.text
