-- rendered by `make derived`, do not edit; 423247f9ccac5331
DELETE FROM users USING   load_changed_users
WHERE
  users.user_id = load_changed_users.user_id
