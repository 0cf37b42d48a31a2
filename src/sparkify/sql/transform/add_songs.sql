-- staging_songs: the batch's newest records.
insert into staging_songs (
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location, artist_name, song_id, title,
    duration, year
)
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
