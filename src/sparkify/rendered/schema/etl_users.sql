-- rendered by `make derived`, do not edit; 9c5221690b61007b
CREATE TABLE IF NOT EXISTS etl_users (
  user_id INT NOT NULL,
  ts TIMESTAMP NOT NULL,
  session_id INT,
  item_in_session INT
)
