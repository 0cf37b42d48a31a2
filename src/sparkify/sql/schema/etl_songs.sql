-- etl_songs: one row per song of staging_songs: which record it comes from (the newest wins), and its title
-- and artist name, normalised (R2).
create table if not exists etl_songs (
    song_id varchar(256) not null, -- rule: staging_songs
    title_key varchar(4096), -- rule: R2; NULL matches nothing
    artist_key varchar(4096), -- rule: R2; NULL matches nothing
    modified timestamp not null, -- unit: UTC; time of change of the file
    url varchar(4096) not null, -- rule: the file
    record bigint not null -- rule: which of the file's good records, from 1 in the order of its lines
) diststyle key distkey (song_id) sortkey (song_id)
