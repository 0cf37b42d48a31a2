-- etl_batches: version 2 counts conflicting events (R1); NULL for batches loaded before.
alter table etl_batches add column conflicts bigint
