-- rendered by `make derived`, do not edit; 573d4e0b20e0860f
DELETE FROM etl_files USING   load_files
WHERE
  etl_files.url = load_files.url AND etl_files.kind = load_files.kind
