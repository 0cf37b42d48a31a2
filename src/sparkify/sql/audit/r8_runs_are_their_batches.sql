-- r8_runs_are_their_batches: the sums in etl_runs are those of the run's batches.
with sums as (
    select
        etl_batches.run_id,
        sum(etl_batches.files) as files,
        sum(etl_batches.bytes) as bytes,
        sum(etl_batches.events_staged + etl_batches.songs_staged) as rows,
        sum(etl_batches.rejected) as rejected,
        sum(etl_batches.plays_new) as plays_new,
        sum(etl_batches.plays_known) as plays_known,
        sum(etl_batches.other_pages) as other_pages
    from etl_batches
    group by etl_batches.run_id
)

select
    count(*) as violations,
    min('run ' || sums.run_id) as example
from sums
left join etl_runs on sums.run_id = etl_runs.run_id
where
    etl_runs.run_id is null
    or sums.files <> etl_runs.files
    or sums.bytes <> etl_runs.bytes
    or sums.rows <> etl_runs.rows
    or sums.rejected <> etl_runs.rejected
    or sums.plays_new <> etl_runs.plays_new
    or sums.plays_known <> etl_runs.plays_known
    or sums.other_pages <> etl_runs.other_pages
