-- rendered by `make derived`, do not edit; bdc72de322afb59f
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
