-- table: staging_songs
-- key: song_id
-- strategy: upsert
-- when: songs
-- rule: R4
-- The batch's newest records.
select
    load_songs.num_songs,
    load_songs.artist_id,
    load_songs.artist_latitude,
    load_songs.artist_longitude,
    load_songs.artist_location,
    load_songs.artist_name,
    load_songs.song_id,
    load_songs.title,
    load_songs.duration,
    load_songs.year
from load_songs
