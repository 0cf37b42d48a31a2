-- rendered by `make derived`, do not edit; 28af3c71f7f08e67
CREATE TEMPORARY TABLE load_kept AS
WITH ranked AS (
  SELECT
    staging_events.ts,
    staging_events.user_id,
    staging_events.session_id,
    staging_events.item_in_session,
    staging_events.song,
    staging_events.artist,
    staging_events.length,
    staging_events.level,
    staging_events.location,
    staging_events.user_agent,
    ROW_NUMBER() OVER (
      PARTITION BY load_repeated.ts, load_repeated.user_key, load_repeated.session_key
      ORDER BY staging_events.item_in_session ASC NULLS FIRST, staging_events.song ASC NULLS FIRST, STRLEN(staging_events.song) ASC NULLS FIRST, staging_events.artist ASC NULLS FIRST, STRLEN(staging_events.artist) ASC NULLS FIRST, staging_events.length ASC NULLS FIRST, staging_events.level ASC NULLS FIRST, STRLEN(staging_events.level) ASC NULLS FIRST, staging_events.location ASC NULLS FIRST, STRLEN(staging_events.location) ASC NULLS FIRST, staging_events.user_agent ASC NULLS FIRST, STRLEN(staging_events.user_agent) ASC NULLS FIRST
    ) AS pick
  FROM staging_events
  INNER JOIN load_repeated
    ON staging_events.ts = load_repeated.ts
    AND COALESCE(CAST(staging_events.user_id AS BIGINT), 2147483648) = load_repeated.user_key
    AND COALESCE(CAST(staging_events.session_id AS BIGINT), 2147483648) = load_repeated.session_key
  WHERE
    staging_events.page = 'NextSong' AND STRLEN(staging_events.page) = 8
)
SELECT
  ranked.ts,
  ranked.user_id,
  ranked.session_id,
  ranked.item_in_session,
  ranked.song,
  ranked.artist,
  ranked.length,
  ranked.level,
  ranked.location,
  ranked.user_agent
FROM ranked
WHERE
  ranked.pick = 1
