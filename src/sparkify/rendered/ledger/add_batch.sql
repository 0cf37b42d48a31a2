-- rendered by `make derived`, do not edit; 8e4441f9b987fab4
INSERT INTO etl_batches (
  run_id,
  batch,
  files,
  bytes,
  records_read,
  events_staged,
  songs_staged,
  rejected,
  plays_new,
  plays_known,
  other_pages,
  conflicts
)
VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
