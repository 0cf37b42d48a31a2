-- batch: one row when a batch of a run is recorded, and so committed.
select etl_batches.batch
from etl_batches
where etl_batches.run_id = ? and etl_batches.batch = ?
