-- rendered by `make derived`, do not edit; 1344e86515edd9e5
CREATE TEMPORARY TABLE load_repeated AS
WITH several AS (
  SELECT
    load_listing.url
  FROM load_listing
  WHERE
    load_listing.raw_path IS NULL
  GROUP BY
    load_listing.url
  HAVING
    COUNT(*) > 1
), versions AS (
  SELECT
    load_listing.*,
    ROW_NUMBER() OVER (
      PARTITION BY load_listing.url
      ORDER BY load_listing.modified DESC NULLS FIRST, load_listing.etag ASC
    ) AS place
  FROM load_listing
  INNER JOIN several
    ON load_listing.url = several.url
  WHERE
    load_listing.raw_path IS NULL
)
SELECT
  versions.url,
  versions.etag,
  versions.size,
  versions.modified,
  versions.kind,
  versions.raw_path,
  versions.skipped
FROM versions
WHERE
  versions.place = 1
