-- rendered by `make derived`, do not edit; 0aaffdd373bde550
DELETE FROM etl_users USING   load_users
WHERE
  etl_users.user_id = load_users.user_id
