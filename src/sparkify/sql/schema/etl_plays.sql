-- etl_plays: one row per play: the track that it names, so that it can follow the track's resolution (R2).
-- Distributed and sorted as songplays is, so that both are joined where they lie, and no further back than asked.
create table if not exists etl_plays (
    songplay_id bigint not null, -- rule: songplays
    track_id bigint not null, -- rule: etl_tracks
    item_in_session int, -- source: itemInSession; tells conflicting events apart (R1)
    start_time timestamp -- source: ts; unit: UTC; as in songplays
) diststyle key distkey (start_time) sortkey (start_time)
