DELETE FROM songs USING   load_changed_songs
WHERE
  songs.song_id = load_changed_songs.song_id
