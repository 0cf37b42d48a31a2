-- rendered by `make derived`, do not edit; 94a7d5080251bea2
WITH repeated AS (
  SELECT
    etl_files.url
  FROM etl_files
  GROUP BY
    etl_files.url,
    etl_files.kind
  HAVING
    COUNT(*) > 1
), sums AS (
  SELECT
    etl_files.run_id,
    SUM(etl_files.rows) AS rows,
    SUM(etl_files.rejected) AS rejected
  FROM etl_files
  GROUP BY
    etl_files.run_id
), broken AS (
  SELECT
    'file ' || repeated.url AS example
  FROM repeated
  UNION ALL
  SELECT
    'run ' || sums.run_id AS example
  FROM sums
  LEFT JOIN etl_runs
    ON sums.run_id = etl_runs.run_id
  WHERE
    etl_runs.run_id IS NULL
    OR sums.rows > etl_runs.rows
    OR sums.rejected > etl_runs.rejected
)
SELECT
  COUNT(*) AS violations,
  MIN(broken.example) AS example
FROM broken
