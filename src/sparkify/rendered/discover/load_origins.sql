-- rendered by `make derived`, do not edit; 8bd84d869e16ae94
CREATE TEMPORARY TABLE load_origins (
  url TEXT(4096) NOT NULL,
  etag TEXT(256),
  size BIGINT NOT NULL,
  modified TIMESTAMP NOT NULL
)
