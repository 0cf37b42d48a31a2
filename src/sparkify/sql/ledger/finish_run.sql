-- etl_runs: a run ends: when, with which status and message.
update etl_runs
set
    finished_at = ?,
    status = ?,
    message = ?
where etl_runs.run_id = ?
