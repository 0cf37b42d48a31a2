SELECT
  etl_files.url,
  etl_files.etag,
  etl_files.size,
  etl_files.modified
FROM etl_files
