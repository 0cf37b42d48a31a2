-- rendered by `make derived`, do not edit; 95cd7a87aaa3e68d
UPDATE etl_runs SET files = sums.files, bytes = sums.bytes, rows = sums.rows, rejected = sums.rejected, plays_new = sums.plays_new, plays_known = sums.plays_known, other_pages = sums.other_pages
FROM (
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
  WHERE
    etl_batches.run_id = ?
  GROUP BY
    etl_batches.run_id
) AS sums
WHERE
  etl_runs.run_id = sums.run_id
