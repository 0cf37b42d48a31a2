-- rendered by `make derived`, do not edit; 57904ab5126542dc
WITH first_plays AS (
  SELECT
    songplays.user_id,
    CAST(DATE_TRUNC($by, MIN(songplays.start_time)) AS DATE) AS cohort
  FROM songplays
  WHERE
    NOT songplays.user_id IS NULL
  GROUP BY
    songplays.user_id
), cohorts AS (
  SELECT
    first_plays.cohort,
    COUNT(*) AS cohort_size
  FROM first_plays
  GROUP BY
    first_plays.cohort
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
), kept AS (
  SELECT
    first_plays.cohort,
    CASE
      WHEN $by = 'week'
      THEN DATE_DIFF('WEEK', CAST(first_plays.cohort AS TIMESTAMP), CAST(listeners.period AS TIMESTAMP))
      ELSE DATE_DIFF('MONTH', CAST(first_plays.cohort AS TIMESTAMP), CAST(listeners.period AS TIMESTAMP))
    END AS periods_since,
    COUNT(*) AS listeners
  FROM listeners
  INNER JOIN first_plays
    ON listeners.user_id = first_plays.user_id
  GROUP BY
    first_plays.cohort,
    periods_since
)
SELECT
  kept.cohort,
  kept.periods_since,
  kept.listeners,
  cohorts.cohort_size,
  CAST(kept.listeners AS DOUBLE) / cohorts.cohort_size AS share
FROM kept
INNER JOIN cohorts
  ON kept.cohort = cohorts.cohort
ORDER BY
  kept.cohort ASC,
  kept.periods_since ASC
