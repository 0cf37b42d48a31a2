-- rendered by `make derived`, do not edit; a04079d9b7cd641d
CREATE TABLE IF NOT EXISTS etl_files (
  url TEXT(4096) NOT NULL,
  etag TEXT(256),
  size BIGINT NOT NULL,
  modified TIMESTAMP NOT NULL,
  kind TEXT(256) NOT NULL,
  run_id TEXT(256) NOT NULL,
  loaded_at TIMESTAMP NOT NULL,
  rows BIGINT NOT NULL,
  rejected BIGINT NOT NULL
)
