SELECT
  MIN(songplays.start_time) AS first_play,
  MAX(songplays.start_time) AS last_play
FROM songplays
