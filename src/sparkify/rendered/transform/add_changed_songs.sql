-- rendered by `make derived`, do not edit; d8a58d562293a303
INSERT INTO songs (
  song_id,
  title,
  artist_id,
  year,
  duration
)
SELECT
  load_changed_songs.song_id,
  load_changed_songs.title,
  load_changed_songs.artist_id,
  load_changed_songs.year,
  load_changed_songs.duration
FROM load_changed_songs
