-- etl_songs: where the batch's records come from, with their normal forms.
insert into etl_songs (song_id, title_key, artist_key, modified, url, record)
select
    load_songs.song_id,
    load_song_keys.title_key,
    load_song_keys.artist_key,
    load_songs.modified,
    load_songs.url,
    load_songs.record
from load_songs
inner join load_song_keys on load_songs.song_id = load_song_keys.song_id
