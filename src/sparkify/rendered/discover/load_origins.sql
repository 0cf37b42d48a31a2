-- rendered by `make derived`, do not edit; 91c4a19be84063d8
CREATE TEMPORARY TABLE load_origins (
  url TEXT(4096) NOT NULL,
  kind TEXT(256) NOT NULL,
  etag TEXT(256),
  size BIGINT NOT NULL,
  modified TIMESTAMP NOT NULL
)
