-- etl_runs: a run starts: its id, its time of start, the engine and the version of the program.
insert into etl_runs (
    run_id, started_at, status, engine, version, files, bytes, rows, rejected, plays_new, plays_known, other_pages
)
values (?, ?, 'running', ?, ?, 0, 0, 0, 0, 0, 0, 0)
