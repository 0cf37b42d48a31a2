-- rendered by `make derived`, do not edit; 8b7fff9110309122
INSERT INTO etl_users (
  user_id,
  ts,
  session_id,
  item_in_session
)
SELECT
  load_users.user_id,
  load_users.ts,
  load_users.session_id,
  load_users.item_in_session
FROM load_users
