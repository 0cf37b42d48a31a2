-- etl_runs: the sums of a run are those of its batches.
update etl_runs
set
    files = sums.files,
    bytes = sums.bytes,
    rows = sums.rows,
    rejected = sums.rejected,
    plays_new = sums.plays_new,
    plays_known = sums.plays_known,
    other_pages = sums.other_pages
from (
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
    where etl_batches.run_id = ?
    group by etl_batches.run_id
) as sums
where etl_runs.run_id = sums.run_id
