-- rendered by `make derived`, do not edit; 7da603e76663d565
DELETE FROM songs USING   load_changed_songs
WHERE
  songs.song_id = load_changed_songs.song_id
