-- rendered by `make derived`, do not edit; 6aaf1c37c1b052c7
CREATE TABLE IF NOT EXISTS etl_runs (
  run_id TEXT(256) NOT NULL,
  started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP,
  status TEXT(256) NOT NULL,
  engine TEXT(256) NOT NULL,
  version TEXT(256) NOT NULL,
  files BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  rows BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  plays_new BIGINT NOT NULL,
  plays_known BIGINT NOT NULL,
  other_pages BIGINT NOT NULL,
  message TEXT(4096)
)
