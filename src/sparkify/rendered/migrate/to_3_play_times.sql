-- rendered by `make derived`, do not edit; fd0e28f6e483866f
ALTER TABLE etl_plays
ADD COLUMN start_time TIMESTAMP
