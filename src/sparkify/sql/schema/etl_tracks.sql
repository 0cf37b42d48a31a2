-- etl_tracks: one row per track, a distinct (title, artist name, duration) as plays name it, with its
-- present resolution (R2).
create table if not exists etl_tracks (
    track_id bigint not null, -- rule: identity
    song varchar(1024), -- source: song; empty is NULL
    artist varchar(1024), -- source: artist; empty is NULL
    length double precision, -- source: length; unit: seconds
    match varchar(256) not null, -- rule: exact, title, artist or none
    song_id varchar(256), -- rule: R2
    artist_id varchar(256) -- rule: R2
) diststyle key distkey (track_id) sortkey (track_id)
