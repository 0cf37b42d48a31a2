-- rendered by `make derived`, do not edit; 338a6be879b5eb2d
CREATE TEMPORARY TABLE load_song_keys AS
SELECT
  load_songs.song_id,
  titles.normal AS title_key,
  names.normal AS artist_key
FROM load_songs
LEFT JOIN load_texts AS titles
  ON RTRIM(load_songs.title, ' ') = titles.text
LEFT JOIN load_texts AS names
  ON RTRIM(load_songs.artist_name, ' ') = names.text
