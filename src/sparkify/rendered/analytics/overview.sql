-- rendered by `make derived`, do not edit; 795b08a2e9af3d92
WITH by_session AS (
  SELECT
    listening.user_id,
    listening.session_id,
    CAST(SUM(listening.plays) AS BIGINT) AS plays,
    CAST(SUM(
      CASE
        WHEN listening.level = 'paid' AND listening.level_length = 4
        THEN listening.plays
        ELSE 0
      END
    ) AS BIGINT) AS paid_plays
  FROM (
    $listening
  ) AS listening
  GROUP BY
    listening.user_id,
    listening.session_id
)
SELECT
  CAST(COALESCE(SUM(by_session.plays), 0) AS BIGINT) AS plays,
  COUNT(DISTINCT by_session.user_id) AS listeners,
  COUNT(by_session.session_id) AS sessions,
  CAST(COALESCE(SUM(by_session.paid_plays), 0) AS BIGINT) AS paid_plays,
  CAST(SUM(by_session.paid_plays) AS DOUBLE) / SUM(by_session.plays) AS paid_share
FROM by_session
