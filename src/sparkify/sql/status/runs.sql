-- runs: the latest runs, newest first by order of writing: ids grow, whatever the clock says.
select
    etl_runs.run_id,
    etl_runs.started_at,
    etl_runs.finished_at,
    etl_runs.status,
    etl_runs.files,
    etl_runs.rows,
    etl_runs.rejected,
    etl_runs.plays_new,
    etl_runs.message
from etl_runs
order by etl_runs.run_id desc
limit ?
