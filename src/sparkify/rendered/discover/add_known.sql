-- rendered by `make derived`, do not edit; b72801de7b8f601c
INSERT INTO load_known (
  url,
  kind,
  changed
)
SELECT
  load_listing.url,
  load_listing.kind,
  CASE
    WHEN NOT load_listing.etag IS NULL AND NOT etl_files.etag IS NULL
    THEN CASE WHEN load_listing.etag = etl_files.etag THEN 0 ELSE 1 END
    WHEN load_listing.size = etl_files.size AND load_listing.modified = etl_files.modified
    THEN 0
    ELSE 1
  END AS changed
FROM load_listing
INNER JOIN etl_files
  ON load_listing.url = etl_files.url AND load_listing.kind = etl_files.kind
