-- rendered by `make golden`, do not edit; d6450b61e4f85d95
WITH by_session AS (
  SELECT
    plays.user_id,
    plays.session_id,
    COUNT(*) AS plays,
    SUM(CASE WHEN plays.level = 'paid' AND STRLEN(plays.level) = 4 THEN 1 ELSE 0 END) AS paid_plays
  FROM (
    $plays
  ) AS plays
  GROUP BY
    plays.user_id,
    plays.session_id
)
SELECT
  CAST(COALESCE(SUM(by_session.plays), 0) AS BIGINT) AS plays,
  COUNT(DISTINCT by_session.user_id) AS listeners,
  COUNT(by_session.session_id) AS sessions,
  CAST(COALESCE(SUM(by_session.paid_plays), 0) AS BIGINT) AS paid_plays,
  CAST(SUM(by_session.paid_plays) AS DOUBLE) / SUM(by_session.plays) AS paid_share
FROM by_session
