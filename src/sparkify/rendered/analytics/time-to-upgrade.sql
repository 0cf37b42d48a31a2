-- rendered by `make derived`, do not edit; 5fd4d4156ba2c9f2
WITH first_plays AS (
  SELECT
    plays.user_id,
    MIN(CASE WHEN plays.level = 'free' THEN plays.start_time END) AS first_free,
    MIN(CASE WHEN plays.level = 'paid' THEN plays.start_time END) AS first_paid
  FROM (
    $plays
  ) AS plays
  WHERE
    NOT plays.user_id IS NULL AND STRLEN(plays.level) = 4
  GROUP BY
    plays.user_id
)
SELECT
  DATE_DIFF(
    'DAY',
    CAST(first_plays.first_free AS TIMESTAMP),
    CAST(first_plays.first_paid AS TIMESTAMP)
  ) AS days,
  COUNT(*) AS users
FROM first_plays
WHERE
  first_plays.first_free < first_plays.first_paid
GROUP BY
  DATE_DIFF(
    'DAY',
    CAST(first_plays.first_free AS TIMESTAMP),
    CAST(first_plays.first_paid AS TIMESTAMP)
  )
ORDER BY
  days ASC
