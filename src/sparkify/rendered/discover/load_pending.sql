-- rendered by `make derived`, do not edit; bf4f6f54424bdac4
CREATE TEMPORARY TABLE load_pending AS
SELECT
  load_listing.url,
  load_listing.etag,
  load_listing.size,
  load_listing.modified,
  load_listing.kind,
  load_listing.raw_path,
  COALESCE(load_known.changed, 0) AS changed,
  ROW_NUMBER() OVER (ORDER BY load_listing.modified, load_listing.url) AS place
FROM load_listing
LEFT JOIN load_known
  ON load_listing.url = load_known.url AND load_listing.kind = load_known.kind
WHERE
  load_listing.skipped = 0
  AND (
    load_known.url IS NULL OR load_known.changed = 1
  )
