-- rendered by `make derived`, do not edit; 090b8c827a758905
WITH sessions AS (
  SELECT
    listening.user_id,
    listening.session_id,
    CAST(SUM(listening.plays) AS BIGINT) AS plays
  FROM (
    $listening
  ) AS listening
  WHERE
    NOT listening.session_id IS NULL
  GROUP BY
    listening.user_id,
    listening.session_id
), spans AS (
  SELECT
    sessions.plays,
    CASE
      WHEN sessions.plays = 1
      THEN 0
      WHEN sessions.plays <= 5
      THEN 1
      WHEN sessions.plays <= 10
      THEN 2
      WHEN sessions.plays <= 20
      THEN 3
      WHEN sessions.plays <= 50
      THEN 4
      WHEN sessions.plays <= 100
      THEN 5
      ELSE 6
    END AS place
  FROM sessions
)
SELECT
  CASE spans.place
    WHEN 0
    THEN '1'
    WHEN 1
    THEN '2 to 5'
    WHEN 2
    THEN '6 to 10'
    WHEN 3
    THEN '11 to 20'
    WHEN 4
    THEN '21 to 50'
    WHEN 5
    THEN '51 to 100'
    ELSE '101 and more'
  END AS plays_in_session,
  COUNT(*) AS sessions,
  CAST(SUM(spans.plays) AS BIGINT) AS plays
FROM spans
GROUP BY
  spans.place
ORDER BY
  spans.place ASC
