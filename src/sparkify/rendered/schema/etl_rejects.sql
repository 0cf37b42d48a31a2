-- rendered by `make derived`, do not edit; 09c023f3a6b7f627
CREATE TABLE IF NOT EXISTS etl_rejects (
  run_id TEXT(256) NOT NULL,
  url TEXT(4096) NOT NULL,
  line BIGINT NOT NULL,
  reason TEXT(4096) NOT NULL,
  record TEXT(8192)
)
