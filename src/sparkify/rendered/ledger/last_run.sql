-- rendered by `make derived`, do not edit; 3761a48044ab286d
SELECT
  MAX(etl_runs.run_id) AS run_id
FROM etl_runs
