-- rendered by `make derived`, do not edit; 23c2207cf4867122
CREATE TABLE IF NOT EXISTS etl_songs (
  song_id TEXT(256) NOT NULL,
  title_key TEXT(4096),
  artist_key TEXT(4096),
  modified TIMESTAMP NOT NULL,
  url TEXT(4096) NOT NULL,
  record BIGINT NOT NULL
)
