-- rendered by `make derived`, do not edit; fd50233b1328e69f
WITH sums AS (
  SELECT
    etl_batches.run_id,
    SUM(etl_batches.files) AS files,
    SUM(etl_batches.bytes) AS bytes,
    SUM(etl_batches.events_staged + etl_batches.songs_staged) AS rows,
    SUM(etl_batches.rejected) AS rejected,
    SUM(etl_batches.plays_new) AS plays_new,
    SUM(etl_batches.plays_known) AS plays_known,
    SUM(etl_batches.other_pages) AS other_pages
  FROM etl_batches
  GROUP BY
    etl_batches.run_id
)
SELECT
  COUNT(*) AS violations,
  MIN('run ' || sums.run_id) AS example
FROM sums
LEFT JOIN etl_runs
  ON sums.run_id = etl_runs.run_id
WHERE
  etl_runs.run_id IS NULL
  OR sums.files <> etl_runs.files
  OR sums.bytes <> etl_runs.bytes
  OR sums.rows <> etl_runs.rows
  OR sums.rejected <> etl_runs.rejected
  OR sums.plays_new <> etl_runs.plays_new
  OR sums.plays_known <> etl_runs.plays_known
  OR sums.other_pages <> etl_runs.other_pages
