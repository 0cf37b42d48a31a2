-- rendered by `make derived`, do not edit; 8f4e31b659f32639
DELETE FROM etl_settings
WHERE
  etl_settings.name = ?
