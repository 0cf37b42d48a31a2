-- run_plays: plays that this run changed.
insert into run_plays (songplay_id)
select load_moved_plays.songplay_id from load_moved_plays
