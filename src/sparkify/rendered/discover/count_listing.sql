-- rendered by `make derived`, do not edit; 8e0c71b5fb7a4eda
SELECT
  COUNT(*) AS discovered,
  COALESCE(SUM(load_listing.skipped), 0) AS skipped
FROM load_listing
