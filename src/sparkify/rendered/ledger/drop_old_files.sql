-- rendered by `make derived`, do not edit; 6dd7644295cf831a
DELETE FROM etl_files USING   load_files
WHERE
  etl_files.url = load_files.url
