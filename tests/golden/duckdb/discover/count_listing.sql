SELECT
  COUNT(*) AS discovered,
  COALESCE(SUM(load_listing.skipped), 0) AS skipped
FROM load_listing
