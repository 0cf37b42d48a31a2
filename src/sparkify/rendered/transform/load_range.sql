-- rendered by `make derived`, do not edit; cec024687d4cbc88
CREATE TEMPORARY TABLE load_range AS
SELECT
  MIN(staging_events.ts) AS since,
  MAX(staging_events.ts) AS until
FROM staging_events
WHERE
  staging_events.page = 'NextSong' AND STRLEN(staging_events.page) = 8
