-- rendered by `make derived`, do not edit; 3ffbc137f7d4b440
INSERT INTO etl_songs (
  song_id,
  title_key,
  artist_key,
  modified,
  url,
  record
)
SELECT
  load_songs.song_id,
  load_song_keys.title_key,
  load_song_keys.artist_key,
  load_songs.modified,
  load_songs.url,
  load_songs.record
FROM load_songs
INNER JOIN load_song_keys
  ON load_songs.song_id = load_song_keys.song_id
