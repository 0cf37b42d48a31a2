-- rendered by `make derived`, do not edit; ed5584f0b202312d
CREATE TEMPORARY TABLE load_users AS
WITH events AS (
  SELECT
    staging_events.user_id,
    staging_events.ts,
    staging_events.session_id,
    staging_events.item_in_session,
    CASE WHEN STRLEN(staging_events.first_name) > 0 THEN staging_events.first_name END AS first_name,
    CASE WHEN STRLEN(staging_events.last_name) > 0 THEN staging_events.last_name END AS last_name,
    CASE WHEN STRLEN(staging_events.gender) > 0 THEN staging_events.gender END AS gender,
    CASE WHEN STRLEN(staging_events.level) > 0 THEN staging_events.level END AS level
  FROM staging_events
  WHERE
    NOT staging_events.user_id IS NULL
), latest AS (
  SELECT
    events.user_id,
    MAX(events.ts) AS ts
  FROM events
  GROUP BY
    events.user_id
), candidates AS (
  SELECT
    events.user_id,
    events.ts,
    events.session_id,
    events.item_in_session,
    events.first_name,
    events.last_name,
    events.gender,
    events.level
  FROM events
  INNER JOIN latest
    ON events.user_id = latest.user_id AND events.ts = latest.ts
  UNION ALL
  SELECT
    etl_users.user_id,
    etl_users.ts,
    etl_users.session_id,
    etl_users.item_in_session,
    users.first_name,
    users.last_name,
    users.gender,
    users.level
  FROM etl_users
  INNER JOIN users
    ON etl_users.user_id = users.user_id
  WHERE
    etl_users.user_id IN (
      SELECT
        latest.user_id
      FROM latest
    )
), ranked AS (
  SELECT
    candidates.user_id,
    candidates.ts,
    candidates.session_id,
    candidates.item_in_session,
    candidates.first_name,
    candidates.last_name,
    candidates.gender,
    candidates.level,
    ROW_NUMBER() OVER (
      PARTITION BY candidates.user_id
      ORDER BY candidates.ts DESC NULLS FIRST, candidates.session_id DESC, candidates.item_in_session DESC, candidates.first_name DESC, STRLEN(candidates.first_name) DESC, candidates.last_name DESC, STRLEN(candidates.last_name) DESC, candidates.gender DESC, STRLEN(candidates.gender) DESC, candidates.level DESC, STRLEN(candidates.level) DESC
    ) AS pick
  FROM candidates
)
SELECT
  ranked.user_id,
  ranked.ts,
  ranked.session_id,
  ranked.item_in_session,
  ranked.first_name,
  ranked.last_name,
  ranked.gender,
  ranked.level
FROM ranked
WHERE
  ranked.pick = 1
