-- rendered by `make derived`, do not edit; 13dc4a04cba52dce
CREATE TABLE IF NOT EXISTS etl_tracks (
  track_id BIGINT NOT NULL,
  song TEXT(1024),
  artist TEXT(1024),
  length DOUBLE,
  match TEXT(256) NOT NULL,
  song_id TEXT(256),
  artist_id TEXT(256)
)
