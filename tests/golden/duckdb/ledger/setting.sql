SELECT
  etl_settings.value
FROM etl_settings
WHERE
  etl_settings.name = ?
