-- rendered by `make derived`, do not edit; 368dd9c73e05799c
SELECT
  songplays.songplay_id,
  songplays.start_time,
  songplays.user_id,
  songplays.level,
  songplays.song_id,
  songplays.artist_id,
  songplays.session_id,
  songplays.location,
  songplays.user_agent
FROM songplays
WHERE
  songplays.start_time >= $start
  AND songplays.start_time < $end
  AND (
    $level = 'all'
    OR (
      songplays.level = $level AND STRLEN(songplays.level) = STRLEN($level)
    )
  )
  AND (
    STRLEN($place) = 0
    OR (
      songplays.location = $place AND STRLEN(songplays.location) = STRLEN($place)
    )
  )
