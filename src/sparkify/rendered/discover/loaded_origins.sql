-- rendered by `make derived`, do not edit; d673a2ddf080eb82
SELECT
  load_origins.url
FROM load_origins
INNER JOIN etl_files
  ON load_origins.url = etl_files.url AND load_origins.kind = etl_files.kind
WHERE
  load_origins.etag = etl_files.etag
  OR (
    load_origins.size = etl_files.size AND load_origins.modified = etl_files.modified
  )
  OR load_origins.modified < etl_files.modified
