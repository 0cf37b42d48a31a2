UPDATE etl_runs SET finished_at = ?, status = ?, message = ?
WHERE
  etl_runs.run_id = ?
