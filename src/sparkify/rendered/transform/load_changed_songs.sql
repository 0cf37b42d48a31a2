-- rendered by `make derived`, do not edit; d2afd8d67d29f8b1
CREATE TEMPORARY TABLE load_changed_songs AS
SELECT
  load_songs.song_id,
  CASE WHEN STRLEN(load_songs.title) > 0 THEN load_songs.title END AS title,
  CASE WHEN STRLEN(load_songs.artist_id) > 0 THEN load_songs.artist_id END AS artist_id,
  NULLIF(load_songs.year, 0) AS year,
  load_songs.duration * 1000 AS duration,
  NULLIF(STRLEN(load_songs.title), 0) AS title_bytes
FROM load_songs
EXCEPT
SELECT
  songs.song_id,
  songs.title,
  songs.artist_id,
  songs.year,
  songs.duration,
  STRLEN(songs.title) AS title_bytes
FROM songs
WHERE
  songs.song_id IN (
    SELECT
      load_songs.song_id
    FROM load_songs
  )
