ALTER TABLE etl_plays
ADD COLUMN item_in_session INT
