-- rendered by `make golden`, do not edit; 11a950e4323f5c09
WITH by_session AS (
  SELECT
    CAST(DATE_TRUNC($by, plays.start_time) AS DATE) AS period,
    plays.user_id,
    plays.session_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  GROUP BY
    CAST(DATE_TRUNC($by, plays.start_time) AS DATE),
    plays.user_id,
    plays.session_id
)
SELECT
  by_session.period,
  CAST(SUM(by_session.plays) AS BIGINT) AS plays,
  COUNT(DISTINCT by_session.user_id) AS listeners,
  COUNT(by_session.session_id) AS sessions
FROM by_session
GROUP BY
  by_session.period
ORDER BY
  by_session.period ASC
