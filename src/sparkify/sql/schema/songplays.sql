-- songplays: one row per play, that is per distinct (start_time, user_id, session_id) of the events whose
-- page is NextSong (R1). song_id and artist_id are found by R2 and follow the catalogue when it changes.
create table if not exists songplays (
    songplay_id bigint not null, -- rule: identity; unique, never changes once given; gaps are possible
    start_time timestamp not null, -- source: ts; unit: UTC, to the millisecond
    user_id int, -- source: userId; NULL when the user is unknown
    level varchar(256), -- source: level; free or paid at the time of the play
    song_id varchar(256), -- rule: R2; NULL when no song of the catalogue was found
    artist_id varchar(256), -- rule: R2; NULL when no artist of the catalogue was found
    session_id int, -- source: sessionId
    location varchar(1024), -- source: location
    user_agent varchar(4096) -- source: userAgent
) diststyle key distkey (start_time) sortkey (start_time)
