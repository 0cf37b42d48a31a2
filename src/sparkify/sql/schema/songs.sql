-- songs: one row per song_id of the catalogue (R4).
create table if not exists songs (
    song_id varchar(256) not null, -- source: song_id
    title varchar(1024), -- source: title
    artist_id varchar(256), -- source: artist_id
    year int, -- source: year; rule: 0 is NULL (unknown)
    duration double precision -- source: duration; unit: milliseconds; rule: seconds x 1000
) diststyle all sortkey (song_id)
