-- rendered by `make derived`, do not edit; 0591cf62cc8946b3
CREATE TABLE IF NOT EXISTS artists (
  artist_id TEXT(256) NOT NULL,
  name TEXT(1024),
  location TEXT(1024),
  latitude DOUBLE,
  longitude DOUBLE
)
