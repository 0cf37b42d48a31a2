-- rendered by `make derived`, do not edit; 9801fa9c6140cdc8
CREATE TABLE IF NOT EXISTS etl_track_keys (
  track_id BIGINT NOT NULL,
  title_key TEXT(4096),
  artist_key TEXT(4096)
)
