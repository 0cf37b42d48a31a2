-- rendered by `make derived`, do not edit; 166a54a6167cb0f2
SELECT
  COUNT(*) AS instants
FROM load_instants
