-- rendered by `make derived`, do not edit; 470a6a0317be526d
CREATE TEMPORARY TABLE load_new_texts AS
SELECT
  RTRIM(load_songs.title, ' ') AS text
FROM load_songs
UNION
SELECT
  RTRIM(load_songs.artist_name, ' ') AS text
FROM load_songs
UNION
SELECT
  RTRIM(load_tracks.song, ' ') AS text
FROM load_tracks
UNION
SELECT
  RTRIM(load_tracks.artist, ' ') AS text
FROM load_tracks
