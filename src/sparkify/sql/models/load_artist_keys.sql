-- table: load_artist_keys
-- strategy: replace
-- rule: R2
-- The artist names, normalised, whose songs change in this batch, as they were and as they
-- will be. Every step of R2 asks for an equal artist name, so no other track can be concerned.
select load_song_keys.artist_key
from load_song_keys
where load_song_keys.artist_key is not null
union
select etl_songs.artist_key
from etl_songs
inner join load_songs on etl_songs.song_id = load_songs.song_id
where etl_songs.artist_key is not null
