-- r8_files_are_counted: every file in the ledger is there once a kind, and counts no more than its run.
with repeated as (
    select etl_files.url
    from etl_files
    group by etl_files.url, etl_files.kind
    having count(*) > 1
),

sums as (
    select
        etl_files.run_id,
        sum(etl_files.rows) as rows,
        sum(etl_files.rejected) as rejected
    from etl_files
    group by etl_files.run_id
),

broken as (
    select 'file ' || repeated.url as example
    from repeated
    union all
    select 'run ' || sums.run_id as example
    from sums
    left join etl_runs on sums.run_id = etl_runs.run_id
    where etl_runs.run_id is null or sums.rows > etl_runs.rows or sums.rejected > etl_runs.rejected
)

select
    count(*) as violations,
    min(broken.example) as example
from broken
