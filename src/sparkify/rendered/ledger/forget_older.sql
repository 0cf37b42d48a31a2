-- rendered by `make derived`, do not edit; 5e241a2979df7e50
DELETE FROM load_files USING   etl_files
WHERE
  load_files.url = etl_files.url
  AND load_files.kind = etl_files.kind
  AND load_files.from_part = 1
  AND load_files.modified < etl_files.modified
