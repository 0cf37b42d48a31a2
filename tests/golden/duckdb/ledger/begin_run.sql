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
