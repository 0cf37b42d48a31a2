-- rendered by `make derived`, do not edit; 9b272fb5cc01d266
SELECT
  COUNT(*) AS violations,
  MIN('song_id ' || CAST(songplays.song_id AS TEXT(256))) AS example
FROM songplays
LEFT JOIN songs
  ON songplays.song_id = songs.song_id
WHERE
  NOT songplays.song_id IS NULL
  AND songs.song_id IS NULL
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
