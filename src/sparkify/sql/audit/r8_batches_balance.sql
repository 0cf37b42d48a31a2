-- r8_batches_balance: for every batch, records read = staged + rejected, and staged events = new plays + known
-- plays + events of other pages.
select
    count(*) as violations,
    min('run ' || etl_batches.run_id || ', batch ' || cast(etl_batches.batch as varchar(64))) as example
from etl_batches
where
    etl_batches.records_read
    <> etl_batches.events_staged + etl_batches.songs_staged + etl_batches.rejected
    or etl_batches.events_staged
    <> etl_batches.plays_new + etl_batches.plays_known + etl_batches.other_pages
