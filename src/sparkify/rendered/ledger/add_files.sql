-- rendered by `make derived`, do not edit; 8cecf490e18f1e24
INSERT INTO etl_files (
  url,
  etag,
  size,
  modified,
  kind,
  run_id,
  loaded_at,
  rows,
  rejected
)
SELECT
  load_files.url,
  load_files.etag,
  load_files.size,
  load_files.modified,
  load_files.kind,
  load_files.run_id,
  load_files.loaded_at,
  load_files.rows,
  load_files.rejected
FROM load_files
