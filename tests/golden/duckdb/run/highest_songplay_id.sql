SELECT
  COALESCE(MAX(songplays.songplay_id), 0) AS songplay_id
FROM songplays
