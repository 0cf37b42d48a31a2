-- rendered by `make derived`, do not edit; 5a7024283a749fc8
DELETE FROM staging_songs USING   load_songs
WHERE
  staging_songs.song_id = load_songs.song_id
