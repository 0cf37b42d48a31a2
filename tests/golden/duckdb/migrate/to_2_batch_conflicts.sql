ALTER TABLE etl_batches
ADD COLUMN conflicts BIGINT
