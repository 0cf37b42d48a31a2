DELETE FROM etl_songs USING   load_songs
WHERE
  etl_songs.song_id = load_songs.song_id
