-- rendered by `make derived`, do not edit; c17eb19105665dcf
CREATE TABLE IF NOT EXISTS songs (
  song_id TEXT(256) NOT NULL,
  title TEXT(1024),
  artist_id TEXT(256),
  year INT,
  duration DOUBLE
)
