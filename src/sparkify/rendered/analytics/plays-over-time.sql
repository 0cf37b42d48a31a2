-- rendered by `make derived`, do not edit; 202adb6519e88fa4
WITH by_session AS (
  SELECT
    CAST(DATE_TRUNC($by, listening.day) AS DATE) AS period,
    listening.user_id,
    listening.session_id,
    CAST(SUM(listening.plays) AS BIGINT) AS plays
  FROM (
    $listening
  ) AS listening
  GROUP BY
    CAST(DATE_TRUNC($by, listening.day) AS DATE),
    listening.user_id,
    listening.session_id
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
