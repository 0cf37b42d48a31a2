-- rendered by `make derived`, do not edit; 2898c19a4898edeb
UPDATE etl_plays SET start_time = songplays.start_time
FROM songplays
WHERE
  etl_plays.songplay_id = songplays.songplay_id
