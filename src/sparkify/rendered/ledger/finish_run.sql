-- rendered by `make derived`, do not edit; 38c433ffd0ac896a
UPDATE etl_runs SET finished_at = ?, status = ?, message = ?
WHERE
  etl_runs.run_id = ?
