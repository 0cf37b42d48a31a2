-- load_changed_songs: songs (R4) that are new or differ from what is loaded. Year 0 is unknown; seconds
-- become milliseconds; empty text is NULL.
create temp table load_changed_songs as
select
    load_songs.song_id,
    nullif(load_songs.title, '') as title,
    nullif(load_songs.artist_id, '') as artist_id,
    nullif(load_songs.year, 0) as year,
    load_songs.duration * 1000 as duration
from load_songs
except
select
    songs.song_id,
    songs.title,
    songs.artist_id,
    songs.year,
    songs.duration
from songs
where songs.song_id in (select load_songs.song_id from load_songs)
