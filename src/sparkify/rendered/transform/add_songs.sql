-- rendered by `make derived`, do not edit; 5814a0e66b3e88a9
INSERT INTO staging_songs (
  num_songs,
  artist_id,
  artist_latitude,
  artist_longitude,
  artist_location,
  artist_name,
  song_id,
  title,
  duration,
  year
)
SELECT
  load_songs.num_songs,
  load_songs.artist_id,
  load_songs.artist_latitude,
  load_songs.artist_longitude,
  load_songs.artist_location,
  load_songs.artist_name,
  load_songs.song_id,
  load_songs.title,
  load_songs.duration,
  load_songs.year
FROM load_songs
