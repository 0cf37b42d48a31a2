-- last_run: the run that was written last; NULL before the first.
select max(etl_runs.run_id) as run_id
from etl_runs
