-- r8_rejects_are_kept: etl_rejects holds as many records of each run as the run set aside.
with kept as (
    select
        etl_rejects.run_id,
        count(*) as records
    from etl_rejects
    group by etl_rejects.run_id
)

select
    count(*) as violations,
    min('run ' || coalesce(etl_runs.run_id, kept.run_id)) as example
from etl_runs
full outer join kept on etl_runs.run_id = kept.run_id
where coalesce(etl_runs.rejected, -1) <> coalesce(kept.records, 0)
