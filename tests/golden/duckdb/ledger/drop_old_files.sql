DELETE FROM etl_files USING   load_files
WHERE
  etl_files.url = load_files.url
