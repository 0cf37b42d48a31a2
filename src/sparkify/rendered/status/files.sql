-- rendered by `make derived`, do not edit; 2fa162156bd7f8a6
SELECT
  etl_files.kind,
  COUNT(*) AS files,
  SUM(etl_files.size) AS bytes,
  SUM(etl_files.rows) AS rows,
  SUM(etl_files.rejected) AS rejected,
  MAX(etl_files.modified) AS newest
FROM etl_files
GROUP BY
  etl_files.kind
ORDER BY
  etl_files.kind ASC
