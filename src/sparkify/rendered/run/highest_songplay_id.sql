-- rendered by `make derived`, do not edit; 95e0c1a829c67f32
SELECT
  CAST(COALESCE(MAX(CAST(etl_settings.value AS BIGINT)), 0) + (
    SELECT
      COALESCE(SUM(etl_batches.plays_new), 0)
    FROM etl_batches
  ) AS BIGINT) AS songplay_id
FROM etl_settings
WHERE
  etl_settings.name = 'songplay_floor'
