-- rendered by `make derived`, do not edit; b92aee7964007055
SELECT
  COUNT(*) AS violations,
  MIN(
    'run ' || etl_batches.run_id || ', batch ' || CAST(etl_batches.batch AS TEXT(64))
  ) AS example
FROM etl_batches
WHERE
  etl_batches.records_read <> etl_batches.events_staged + etl_batches.songs_staged + etl_batches.rejected
  OR etl_batches.events_staged <> etl_batches.plays_new + etl_batches.plays_known + etl_batches.other_pages
