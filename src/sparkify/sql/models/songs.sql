-- table: songs
-- key: song_id
-- strategy: upsert
-- when: songs
-- distkey: song_id
-- changes: run_songs
-- rule: R4
-- Songs (R4) that are new or differ from what is loaded. Year 0 is unknown; seconds
-- become milliseconds; empty text is NULL.
select
    load_songs.song_id,
    case when octet_length(load_songs.title) > 0 then load_songs.title end as title,
    case when octet_length(load_songs.artist_id) > 0 then load_songs.artist_id end as artist_id,
    nullif(load_songs.year, 0) as year,
    load_songs.duration * 1000 as duration,
    nullif(octet_length(load_songs.title), 0) as title_bytes
from load_songs
except
select
    songs.song_id,
    songs.title,
    songs.artist_id,
    songs.year,
    songs.duration,
    octet_length(songs.title) as title_bytes
from songs
where songs.song_id in (select load_songs.song_id from load_songs)
