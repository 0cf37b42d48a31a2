-- load_artist_ids: the artists whose songs change in this batch, as they were and as they will be.
create temp table load_artist_ids as
select load_songs.artist_id
from load_songs
where load_songs.artist_id <> ''
union
select staging_songs.artist_id
from staging_songs
inner join load_songs on staging_songs.song_id = load_songs.song_id
where staging_songs.artist_id <> ''
