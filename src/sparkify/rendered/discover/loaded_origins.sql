-- rendered by `make derived`, do not edit; e675403649772312
SELECT
  load_origins.url
FROM load_origins
INNER JOIN etl_files
  ON load_origins.url = etl_files.url
WHERE
  load_origins.etag = etl_files.etag
  OR (
    load_origins.size = etl_files.size AND load_origins.modified = etl_files.modified
  )
  OR load_origins.modified < etl_files.modified
