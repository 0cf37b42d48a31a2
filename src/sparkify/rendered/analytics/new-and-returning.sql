-- rendered by `make derived`, do not edit; 81ab39fd29bbb517
WITH first_plays AS (
  SELECT
    songplays.user_id,
    CAST(DATE_TRUNC($by, MIN(songplays.start_time)) AS DATE) AS first_period
  FROM songplays
  WHERE
    NOT songplays.user_id IS NULL
  GROUP BY
    songplays.user_id
), listeners AS (
  SELECT
    listening.user_id,
    CAST(DATE_TRUNC($by, listening.day) AS DATE) AS period
  FROM (
    $listening
  ) AS listening
  WHERE
    NOT listening.user_id IS NULL
  GROUP BY
    listening.user_id,
    CAST(DATE_TRUNC($by, listening.day) AS DATE)
)
SELECT
  listeners.period,
  CAST(SUM(CASE WHEN listeners.period = first_plays.first_period THEN 1 ELSE 0 END) AS BIGINT) AS new_listeners,
  CAST(SUM(CASE WHEN listeners.period > first_plays.first_period THEN 1 ELSE 0 END) AS BIGINT) AS returning_listeners
FROM listeners
INNER JOIN first_plays
  ON listeners.user_id = first_plays.user_id
GROUP BY
  listeners.period
ORDER BY
  listeners.period ASC
