DELETE FROM users USING   load_changed_users
WHERE
  users.user_id = load_changed_users.user_id
