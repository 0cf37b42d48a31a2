DELETE FROM staging_songs USING   load_songs
WHERE
  staging_songs.song_id = load_songs.song_id
