-- run_status: how a run stands; no row when it is not recorded.
select etl_runs.status
from etl_runs
where etl_runs.run_id = ?
