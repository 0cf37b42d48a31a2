CREATE TEMPORARY TABLE load_changed_users AS
SELECT
  load_users.user_id,
  load_users.first_name,
  load_users.last_name,
  load_users.gender,
  load_users.level
FROM load_users
EXCEPT
SELECT
  users.user_id,
  users.first_name,
  users.last_name,
  users.gender,
  users.level
FROM users
WHERE
  users.user_id IN (
    SELECT
      load_users.user_id
    FROM load_users
  )
