-- run_plays: keys of what the run added or changed, over all its batches; a key may stand here more than once.
create temp table run_plays (songplay_id bigint not null)
