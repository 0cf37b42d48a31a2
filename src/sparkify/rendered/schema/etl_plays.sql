-- rendered by `make derived`, do not edit; 6fec396ac3b9769c
CREATE TABLE IF NOT EXISTS etl_plays (
  songplay_id BIGINT NOT NULL,
  track_id BIGINT NOT NULL,
  item_in_session INT,
  start_time TIMESTAMP
)
