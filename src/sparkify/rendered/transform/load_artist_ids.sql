-- rendered by `make derived`, do not edit; 2c2c46d5165ab352
CREATE TEMPORARY TABLE load_artist_ids AS
SELECT
  load_songs.artist_id
FROM load_songs
WHERE
  STRLEN(load_songs.artist_id) > 0
UNION
SELECT
  staging_songs.artist_id
FROM staging_songs
INNER JOIN load_songs
  ON staging_songs.song_id = load_songs.song_id
WHERE
  STRLEN(staging_songs.artist_id) > 0
