-- rendered by `make derived`, do not edit; 05ddae2f5a2f5ca6
INSERT INTO users (
  user_id,
  first_name,
  last_name,
  gender,
  level
)
SELECT
  load_changed_users.user_id,
  load_changed_users.first_name,
  load_changed_users.last_name,
  load_changed_users.gender,
  load_changed_users.level
FROM load_changed_users
