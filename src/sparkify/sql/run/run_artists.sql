-- run_artists: keys of what the run added or changed, over all its batches; a key may stand here more than once.
create temp table run_artists (artist_id varchar(256) not null)
