-- rendered by `make derived`, do not edit; e1a41d1acc36ef2a
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
  etl_runs.started_at DESC NULLS FIRST,
  etl_runs.run_id DESC NULLS FIRST
LIMIT ?
