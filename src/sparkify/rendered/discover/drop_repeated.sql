-- rendered by `make derived`, do not edit; 4724c6078965d33f
DELETE FROM load_listing
WHERE
  raw_path IS NULL
  AND url IN (
    SELECT
      load_repeated.url
    FROM load_repeated
  )
