-- rendered by `make derived`, do not edit; d4ab0fee04dd353c
WITH sessions AS (
  SELECT
    plays.user_id,
    plays.session_id,
    COUNT(*) AS plays,
    DATE_DIFF(
      'MILLISECOND',
      CAST(MIN(plays.start_time) AS TIMESTAMP),
      CAST(MAX(plays.start_time) AS TIMESTAMP)
    ) / 1000.0 AS seconds
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.session_id IS NULL
  GROUP BY
    plays.user_id,
    plays.session_id
), spans AS (
  SELECT
    sessions.plays,
    CASE
      WHEN sessions.plays = 1
      THEN 0
      WHEN sessions.seconds < 600
      THEN 1
      WHEN sessions.seconds < 1800
      THEN 2
      WHEN sessions.seconds < 3600
      THEN 3
      WHEN sessions.seconds < 7200
      THEN 4
      WHEN sessions.seconds < 14400
      THEN 5
      ELSE 6
    END AS place
  FROM sessions
)
SELECT
  CASE spans.place
    WHEN 0
    THEN 'one play'
    WHEN 1
    THEN 'under 10'
    WHEN 2
    THEN '10 to 30'
    WHEN 3
    THEN '30 to 60'
    WHEN 4
    THEN '60 to 120'
    WHEN 5
    THEN '120 to 240'
    ELSE '240 and more'
  END AS minutes,
  COUNT(*) AS sessions,
  CAST(SUM(spans.plays) AS BIGINT) AS plays
FROM spans
GROUP BY
  spans.place
ORDER BY
  spans.place ASC
