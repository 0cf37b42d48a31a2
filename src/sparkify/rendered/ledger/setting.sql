-- rendered by `make derived`, do not edit; c7cd91e0c95d33c2
SELECT
  etl_settings.value
FROM etl_settings
WHERE
  etl_settings.name = ?
