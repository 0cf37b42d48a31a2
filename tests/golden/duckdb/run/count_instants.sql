SELECT
  COUNT(*) AS instants
FROM load_instants
