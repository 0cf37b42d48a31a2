CREATE TEMPORARY TABLE run_users (
  user_id INT NOT NULL
)
