-- rendered by `make derived`, do not edit; 8b63a58e405953ef
SELECT
  etl_runs.run_id,
  etl_runs.started_at,
  etl_runs.finished_at,
  etl_runs.status,
  etl_runs.files,
  etl_runs.rows,
  etl_runs.rejected,
  etl_runs.plays_new,
  etl_runs.message
FROM etl_runs
ORDER BY
  etl_runs.run_id DESC NULLS FIRST
LIMIT ?
