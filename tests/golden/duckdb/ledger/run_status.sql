SELECT
  etl_runs.status
FROM etl_runs
WHERE
  etl_runs.run_id = ?
