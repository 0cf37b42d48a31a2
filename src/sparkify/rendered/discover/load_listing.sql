-- rendered by `make derived`, do not edit; 36409475b5bbec32
CREATE TEMPORARY TABLE load_listing (
  url TEXT(4096) NOT NULL,
  etag TEXT(256),
  size BIGINT NOT NULL,
  modified TIMESTAMP NOT NULL,
  kind TEXT(256) NOT NULL,
  raw_path TEXT(8192),
  skipped SMALLINT NOT NULL
)
