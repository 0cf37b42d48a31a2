-- etl_track_keys: one row per track: its title and artist name, normalised (R2). NULL matches nothing.
create table if not exists etl_track_keys (
    track_id bigint not null, -- rule: etl_tracks
    title_key varchar(4096), -- rule: R2
    artist_key varchar(4096) -- rule: R2
) diststyle key distkey (track_id) sortkey (track_id)
