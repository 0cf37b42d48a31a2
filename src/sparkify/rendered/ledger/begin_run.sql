-- rendered by `make derived`, do not edit; 55b93c8b555060c9
INSERT INTO etl_runs (
  run_id,
  started_at,
  status,
  engine,
  version,
  files,
  bytes,
  rows,
  rejected,
  plays_new,
  plays_known,
  other_pages
)
VALUES
  (?, ?, 'running', ?, ?, 0, 0, 0, 0, 0, 0, 0)
