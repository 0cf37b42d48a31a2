-- songs: one row per song_id (R4).
insert into songs (song_id, title, artist_id, year, duration)
select
    load_changed_songs.song_id,
    load_changed_songs.title,
    load_changed_songs.artist_id,
    load_changed_songs.year,
    load_changed_songs.duration
from load_changed_songs
