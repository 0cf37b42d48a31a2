SELECT
  (
    SELECT
      COUNT(*)
    FROM staging_events
  ) AS events,
  (
    SELECT
      COUNT(*)
    FROM batch_songs
  ) AS songs
