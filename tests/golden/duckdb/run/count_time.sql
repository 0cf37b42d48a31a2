SELECT
  COUNT(*) AS instants
FROM time
