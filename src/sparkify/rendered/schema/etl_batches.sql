-- rendered by `make derived`, do not edit; 6947d47a2d77b595
CREATE TABLE IF NOT EXISTS etl_batches (
  run_id TEXT(256) NOT NULL,
  batch INT NOT NULL,
  files BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  records_read BIGINT NOT NULL,
  events_staged BIGINT NOT NULL,
  songs_staged BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  plays_new BIGINT NOT NULL,
  plays_known BIGINT NOT NULL,
  other_pages BIGINT NOT NULL,
  conflicts BIGINT
)
