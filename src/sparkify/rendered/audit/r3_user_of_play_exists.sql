-- rendered by `make derived`, do not edit; f84ac963eb7fa195
SELECT
  COUNT(*) AS violations,
  MIN('user_id ' || CAST(songplays.user_id AS TEXT(256))) AS example
FROM songplays
LEFT JOIN users
  ON songplays.user_id = users.user_id
WHERE
  NOT songplays.user_id IS NULL
  AND users.user_id IS NULL
  AND songplays.start_time >= (
    SELECT
      load_range.since
    FROM load_range
  )
  AND songplays.start_time <= (
    SELECT
      load_range.until
    FROM load_range
  )
