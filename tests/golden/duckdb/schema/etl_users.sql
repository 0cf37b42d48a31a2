CREATE TABLE IF NOT EXISTS etl_users (
  user_id INT NOT NULL,
  ts TIMESTAMP NOT NULL,
  session_id INT,
  item_in_session INT
)
