-- staging_songs: one row per song_id, the newest record of each song in source units. Holds the whole catalogue:
-- plays that arrive later are resolved against it. etl_songs holds where each row comes from.
create table if not exists staging_songs (
    num_songs int, -- source: num_songs
    artist_id varchar(256), -- source: artist_id
    artist_latitude double precision, -- source: artist_latitude; unit: degrees
    artist_longitude double precision, -- source: artist_longitude; unit: degrees
    artist_location varchar(1024), -- source: artist_location
    artist_name varchar(1024), -- source: artist_name
    song_id varchar(256) not null, -- source: song_id
    title varchar(1024), -- source: title
    duration double precision, -- source: duration; unit: seconds
    year int -- source: year; 0 when unknown
) diststyle key distkey (song_id) sortkey (song_id)
