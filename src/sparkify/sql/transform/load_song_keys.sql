-- load_song_keys: the normal forms of the batch's songs.
create temp table load_song_keys distkey (song_id) as
select
    load_songs.song_id,
    titles.normal as title_key,
    names.normal as artist_key
from load_songs
left join load_texts as titles on rtrim(load_songs.title, ' ') = titles.text
left join load_texts as names on rtrim(load_songs.artist_name, ' ') = names.text
