-- etl_runs: a run still marked running, while nobody holds the warehouse, was killed.
update etl_runs
set
    status = 'interrupted',
    message = 'the process was killed; the batches that it had committed stay'
where etl_runs.status = 'running'
