DELETE FROM etl_settings
WHERE
  etl_settings.name = ?
