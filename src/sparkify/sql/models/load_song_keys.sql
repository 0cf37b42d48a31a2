-- table: load_song_keys
-- strategy: replace
-- distkey: song_id
-- rule: R2
-- The normal forms of the batch's songs.
select
    load_songs.song_id,
    titles.normal as title_key,
    names.normal as artist_key
from load_songs
left join load_texts as titles on rtrim(load_songs.title, ' ') = titles.text
left join load_texts as names on rtrim(load_songs.artist_name, ' ') = names.text
