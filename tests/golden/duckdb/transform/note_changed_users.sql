INSERT INTO run_users (
  user_id
)
SELECT
  load_changed_users.user_id
FROM load_changed_users
