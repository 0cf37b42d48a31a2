-- rendered by `make derived`, do not edit; f8c10ae34aa0aab5
UPDATE songplays SET song_id = load_moved_plays.song_id, artist_id = load_moved_plays.artist_id
FROM load_moved_plays
WHERE
  songplays.songplay_id = load_moved_plays.songplay_id
  AND songplays.start_time = load_moved_plays.start_time
