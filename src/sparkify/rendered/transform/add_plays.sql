-- rendered by `make derived`, do not edit; b43c2acbbc1414db
INSERT INTO songplays (
  songplay_id,
  start_time,
  user_id,
  level,
  song_id,
  artist_id,
  session_id,
  location,
  user_agent
)
SELECT
  load_plays.songplay_id,
  load_plays.start_time,
  load_plays.user_id,
  load_plays.level,
  load_plays.song_id,
  load_plays.artist_id,
  load_plays.session_id,
  load_plays.location,
  load_plays.user_agent
FROM load_plays
