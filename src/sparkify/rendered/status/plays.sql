-- rendered by `make derived`, do not edit; 83e4b26d0a3b06e3
SELECT
  MIN(songplays.start_time) AS first_play,
  MAX(songplays.start_time) AS last_play
FROM songplays
