-- etl_plays: one row per play: the track that it names, so that it can follow the track's resolution (R2).
create table if not exists etl_plays (
    songplay_id bigint not null, -- rule: songplays
    track_id bigint not null, -- rule: etl_tracks
    item_in_session int -- source: itemInSession; tells conflicting events apart (R1)
) diststyle even
