-- run_songs: what this run added or changed.
insert into run_songs (song_id)
select load_changed_songs.song_id from load_changed_songs
