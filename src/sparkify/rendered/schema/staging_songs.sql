-- rendered by `make derived`, do not edit; b7909fef451166ba
CREATE TABLE IF NOT EXISTS staging_songs (
  num_songs INT,
  artist_id TEXT(256),
  artist_latitude DOUBLE,
  artist_longitude DOUBLE,
  artist_location TEXT(1024),
  artist_name TEXT(1024),
  song_id TEXT(256) NOT NULL,
  title TEXT(1024),
  duration DOUBLE,
  year INT
)
