-- rendered by `make derived`, do not edit; 2b06bbee5df9970b
CREATE TEMPORARY TABLE load_repeated AS
SELECT
  staging_events.ts,
  COALESCE(CAST(staging_events.user_id AS BIGINT), 2147483648) AS user_key,
  COALESCE(CAST(staging_events.session_id AS BIGINT), 2147483648) AS session_key
FROM staging_events
WHERE
  staging_events.page = 'NextSong' AND STRLEN(staging_events.page) = 8
GROUP BY
  1,
  2,
  3
HAVING
  COUNT(*) > 1
