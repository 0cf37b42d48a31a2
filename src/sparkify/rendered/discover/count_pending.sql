-- rendered by `make derived`, do not edit; 4e8678bdec26f6cd
SELECT
  COUNT(*) AS files,
  COALESCE(SUM(load_pending.changed), 0) AS changed,
  COALESCE(SUM(load_pending.size), 0) AS bytes
FROM load_pending
