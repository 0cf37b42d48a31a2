-- table: etl_songs
-- key: song_id
-- strategy: upsert
-- when: songs
-- rule: R2, R4
-- Where the batch's records come from, with their normal forms.
select
    load_songs.song_id,
    load_song_keys.title_key,
    load_song_keys.artist_key,
    load_songs.modified,
    load_songs.url,
    load_songs.record
from load_songs
inner join load_song_keys on load_songs.song_id = load_song_keys.song_id
