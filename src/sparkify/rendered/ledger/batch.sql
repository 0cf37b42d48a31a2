-- rendered by `make derived`, do not edit; ec703222cdb08b57
SELECT
  etl_batches.batch
FROM etl_batches
WHERE
  etl_batches.run_id = ? AND etl_batches.batch = ?
