-- rendered by `make derived`, do not edit; cda3d2958d3949cb
SELECT
  plays.location,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.user_id) AS listeners
FROM (
  $plays
) AS plays
GROUP BY
  plays.location,
  STRLEN(plays.location)
ORDER BY
  plays DESC NULLS FIRST,
  plays.location ASC,
  STRLEN(plays.location) ASC
LIMIT $limit
