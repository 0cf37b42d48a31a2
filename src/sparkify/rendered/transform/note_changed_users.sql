-- rendered by `make derived`, do not edit; 28767ac0e00078c2
INSERT INTO run_users (
  user_id
)
SELECT
  load_changed_users.user_id
FROM load_changed_users
