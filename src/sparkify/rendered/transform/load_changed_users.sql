-- rendered by `make derived`, do not edit; 49b84b2da8df3972
CREATE TEMPORARY TABLE load_changed_users AS
SELECT
  load_users.user_id,
  load_users.first_name,
  load_users.last_name,
  load_users.gender,
  load_users.level,
  STRLEN(load_users.first_name) AS first_name_bytes,
  STRLEN(load_users.last_name) AS last_name_bytes,
  STRLEN(load_users.gender) AS gender_bytes,
  STRLEN(load_users.level) AS level_bytes
FROM load_users
EXCEPT
SELECT
  users.user_id,
  users.first_name,
  users.last_name,
  users.gender,
  users.level,
  STRLEN(users.first_name) AS first_name_bytes,
  STRLEN(users.last_name) AS last_name_bytes,
  STRLEN(users.gender) AS gender_bytes,
  STRLEN(users.level) AS level_bytes
FROM users
WHERE
  users.user_id IN (
    SELECT
      load_users.user_id
    FROM load_users
  )
