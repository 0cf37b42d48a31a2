-- rendered by `make derived`, do not edit; 454492805ee6945f
SELECT
  etl_rejects.run_id,
  etl_rejects.url,
  etl_rejects.line,
  etl_rejects.reason,
  etl_rejects.record
FROM etl_rejects
WHERE
  etl_rejects.run_id LIKE ?
ORDER BY
  etl_rejects.run_id DESC NULLS FIRST,
  etl_rejects.url ASC,
  etl_rejects.line ASC
LIMIT ?
