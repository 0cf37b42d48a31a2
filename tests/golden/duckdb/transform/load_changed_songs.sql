CREATE TEMPORARY TABLE load_changed_songs AS
SELECT
  load_songs.song_id,
  NULLIF(load_songs.title, '') AS title,
  NULLIF(load_songs.artist_id, '') AS artist_id,
  NULLIF(load_songs.year, 0) AS year,
  load_songs.duration * 1000 AS duration
FROM load_songs
EXCEPT
SELECT
  songs.song_id,
  songs.title,
  songs.artist_id,
  songs.year,
  songs.duration
FROM songs
WHERE
  songs.song_id IN (
    SELECT
      load_songs.song_id
    FROM load_songs
  )
