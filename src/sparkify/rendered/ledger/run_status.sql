-- rendered by `make derived`, do not edit; d0f01f063d6bb56c
SELECT
  etl_runs.status
FROM etl_runs
WHERE
  etl_runs.run_id = ?
