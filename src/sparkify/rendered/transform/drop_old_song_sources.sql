-- rendered by `make derived`, do not edit; d589ec0ff0a9c089
DELETE FROM etl_songs USING   load_songs
WHERE
  etl_songs.song_id = load_songs.song_id
