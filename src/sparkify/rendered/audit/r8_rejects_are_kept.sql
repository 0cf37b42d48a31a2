-- rendered by `make derived`, do not edit; a4b217a7bbef99a7
WITH kept AS (
  SELECT
    etl_rejects.run_id,
    COUNT(*) AS records
  FROM etl_rejects
  GROUP BY
    etl_rejects.run_id
)
SELECT
  COUNT(*) AS violations,
  MIN('run ' || COALESCE(etl_runs.run_id, kept.run_id)) AS example
FROM etl_runs
FULL OUTER JOIN kept
  ON etl_runs.run_id = kept.run_id
WHERE
  COALESCE(etl_runs.rejected, -1) <> COALESCE(kept.records, 0)
