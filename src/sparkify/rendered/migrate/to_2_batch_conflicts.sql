-- rendered by `make derived`, do not edit; 3c20069587ba9c1e
ALTER TABLE etl_batches
ADD COLUMN conflicts BIGINT
