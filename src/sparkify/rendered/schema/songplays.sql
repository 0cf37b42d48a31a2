-- rendered by `make derived`, do not edit; 932da3d173d635c1
CREATE TABLE IF NOT EXISTS songplays (
  songplay_id BIGINT NOT NULL,
  start_time TIMESTAMP NOT NULL,
  user_id INT,
  level TEXT(256),
  song_id TEXT(256),
  artist_id TEXT(256),
  session_id INT,
  location TEXT(1024),
  user_agent TEXT(4096)
)
