-- rendered by `make derived`, do not edit; 7028a11e6cf465d7
SELECT
  users.gender,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.user_id) AS listeners
FROM (
  $plays
) AS plays
LEFT JOIN users
  ON plays.user_id = users.user_id
GROUP BY
  users.gender,
  STRLEN(users.gender)
ORDER BY
  plays DESC NULLS FIRST,
  users.gender ASC,
  STRLEN(users.gender) ASC
