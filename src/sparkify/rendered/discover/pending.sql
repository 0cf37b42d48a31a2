-- rendered by `make derived`, do not edit; e8c767297e4ed3c3
SELECT
  load_pending.url,
  load_pending.etag,
  load_pending.size,
  load_pending.modified,
  load_pending.kind,
  load_pending.raw_path
FROM load_pending
WHERE
  load_pending.place > ? AND load_pending.place <= ?
ORDER BY
  load_pending.place
