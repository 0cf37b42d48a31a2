-- rendered by `make derived`, do not edit; e5fd6cbd803e37ab
ALTER TABLE etl_plays
ADD COLUMN item_in_session INT
