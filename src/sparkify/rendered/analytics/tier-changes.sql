-- rendered by `make derived`, do not edit; c624a9ac2c5bb232
WITH users_of_both AS (
  SELECT
    listening.user_id
  FROM (
    $listening
  ) AS listening
  WHERE
    NOT listening.user_id IS NULL
    AND listening.level IN ('free', 'paid')
    AND listening.level_length = 4
  GROUP BY
    listening.user_id
  HAVING
    MIN(listening.level) <> MAX(listening.level)
), plays_in_order AS (
  SELECT
    plays.start_time,
    plays.level,
    LAG(plays.level) OVER (
      PARTITION BY plays.user_id
      ORDER BY plays.start_time ASC, plays.session_id ASC NULLS FIRST
    ) AS level_before
  FROM (
    $plays
  ) AS plays
  INNER JOIN users_of_both
    ON plays.user_id = users_of_both.user_id
  WHERE
    plays.level IN ('free', 'paid') AND STRLEN(plays.level) = 4
)
SELECT
  CAST(DATE_TRUNC($by, plays_in_order.start_time) AS DATE) AS period,
  CAST(SUM(CASE WHEN plays_in_order.level = 'paid' THEN 1 ELSE 0 END) AS BIGINT) AS upgrades,
  CAST(SUM(CASE WHEN plays_in_order.level = 'free' THEN 1 ELSE 0 END) AS BIGINT) AS downgrades
FROM plays_in_order
WHERE
  plays_in_order.level <> plays_in_order.level_before
GROUP BY
  CAST(DATE_TRUNC($by, plays_in_order.start_time) AS DATE)
ORDER BY
  period ASC
