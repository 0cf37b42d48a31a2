-- rendered by `make derived`, do not edit; 57e50bc850fa21fe
CREATE TABLE IF NOT EXISTS staging_events (
  artist TEXT(1024),
  auth TEXT(256),
  first_name TEXT(1024),
  gender TEXT(256),
  item_in_session INT,
  last_name TEXT(1024),
  length DOUBLE,
  level TEXT(256),
  location TEXT(1024),
  method TEXT(256),
  page TEXT(256),
  registration DOUBLE,
  session_id INT,
  song TEXT(1024),
  status INT,
  ts TIMESTAMP,
  user_agent TEXT(4096),
  user_id INT
)
