-- rendered by `make derived`, do not edit; d997f1adaa91d41f
WITH repeated AS (
  SELECT
    users.user_id
  FROM users
  GROUP BY
    users.user_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN('user_id ' || CAST(repeated.user_id AS TEXT(256))) AS example
FROM repeated
