-- rendered by `make derived`, do not edit; b37cf26b8c625eb2
CREATE TABLE IF NOT EXISTS users (
  user_id INT NOT NULL,
  first_name TEXT(1024),
  last_name TEXT(1024),
  gender TEXT(256),
  level TEXT(256)
)
