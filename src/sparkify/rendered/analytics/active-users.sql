-- rendered by `make derived`, do not edit; 39c4debe3a2f9798
WITH active_days AS (
  SELECT
    plays.user_id,
    CAST(plays.start_time AS DATE) AS day
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.user_id IS NULL
  GROUP BY
    plays.user_id,
    CAST(plays.start_time AS DATE)
), spans AS (
  SELECT
    active_days.day,
    LEAD(active_days.day) OVER (PARTITION BY active_days.user_id ORDER BY active_days.day) AS next_day
  FROM active_days
), changes AS (
  SELECT
    spans.day,
    1 AS daily,
    1 AS weekly,
    1 AS monthly
  FROM spans
  UNION ALL
  SELECT
    LEAST(
      CAST(CAST(spans.day AS TIMESTAMP) + INTERVAL 7 DAY AS DATE),
      COALESCE(spans.next_day, CAST('9999-12-31' AS DATE))
    ) AS day,
    0 AS daily,
    -1 AS weekly,
    0 AS monthly
  FROM spans
  UNION ALL
  SELECT
    LEAST(
      CAST(CAST(spans.day AS TIMESTAMP) + INTERVAL 30 DAY AS DATE),
      COALESCE(spans.next_day, CAST('9999-12-31' AS DATE))
    ) AS day,
    0 AS daily,
    0 AS weekly,
    -1 AS monthly
  FROM spans
), days AS (
  SELECT
    changes.day,
    SUM(changes.daily) AS daily,
    SUM(changes.weekly) AS weekly,
    SUM(changes.monthly) AS monthly
  FROM changes
  GROUP BY
    changes.day
), running AS (
  SELECT
    days.day,
    CAST(days.daily AS BIGINT) AS daily,
    CAST(SUM(days.weekly) OVER (ORDER BY days.day rows BETWEEN UNBOUNDED preceding AND CURRENT ROW) AS BIGINT) AS weekly,
    CAST(SUM(days.monthly) OVER (ORDER BY days.day rows BETWEEN UNBOUNDED preceding AND CURRENT ROW) AS BIGINT) AS monthly
  FROM days
)
SELECT
  running.day,
  running.daily,
  running.weekly,
  running.monthly,
  CAST(running.daily AS DOUBLE) / running.monthly AS stickiness
FROM running
WHERE
  running.daily > 0 AND running.day >= CAST($start AS DATE)
ORDER BY
  running.day ASC
