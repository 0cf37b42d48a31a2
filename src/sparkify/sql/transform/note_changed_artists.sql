-- run_artists: what this run added or changed.
insert into run_artists (artist_id)
select load_changed_artists.artist_id from load_changed_artists
