-- run_songs: keys of what the run added or changed, over all its batches; a key may stand here more than once.
create temp table run_songs (song_id varchar(256) not null)
