-- rendered by `make derived`, do not edit; 2708e5e5835f2050
CREATE TEMPORARY TABLE load_artist_keys AS
SELECT
  load_song_keys.artist_key
FROM load_song_keys
WHERE
  NOT load_song_keys.artist_key IS NULL
UNION
SELECT
  etl_songs.artist_key
FROM etl_songs
INNER JOIN load_songs
  ON etl_songs.song_id = load_songs.song_id
WHERE
  NOT etl_songs.artist_key IS NULL
