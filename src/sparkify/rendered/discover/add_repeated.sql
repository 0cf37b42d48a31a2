-- rendered by `make derived`, do not edit; b1dfbc4e451be4cf
INSERT INTO load_listing (
  url,
  etag,
  size,
  modified,
  kind,
  raw_path,
  skipped
)
SELECT
  load_repeated.url,
  load_repeated.etag,
  load_repeated.size,
  load_repeated.modified,
  load_repeated.kind,
  load_repeated.raw_path,
  load_repeated.skipped
FROM load_repeated
