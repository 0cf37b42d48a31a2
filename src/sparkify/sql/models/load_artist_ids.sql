-- table: load_artist_ids
-- strategy: replace
-- when: songs
-- rule: R5
-- The artists whose songs change in this batch, as they were and as they will be.
select load_songs.artist_id
from load_songs
where octet_length(load_songs.artist_id) > 0
union
select staging_songs.artist_id
from staging_songs
inner join load_songs on staging_songs.song_id = load_songs.song_id
where octet_length(staging_songs.artist_id) > 0
