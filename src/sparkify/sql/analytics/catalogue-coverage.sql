-- title: Catalogue coverage
-- question: How much of the catalogue is played at all?
-- grain: one row for songs and one for artists
-- invariant: played is at most what the catalogue has
-- draw: bar x=share y=kind
with played_songs as (
    select distinct plays.song_id
    from (:plays) as plays
),

played_artists as (
    select distinct plays.artist_id
    from (:plays) as plays
)

select
    'songs' as kind,
    count(*) as in_catalogue,
    count(played_songs.song_id) as played,
    cast(count(played_songs.song_id) as double precision) / nullif(count(*), 0) as share
from songs
left join played_songs on songs.song_id = played_songs.song_id
union all
select
    'artists' as kind,
    count(*) as in_catalogue,
    count(played_artists.artist_id) as played,
    cast(count(played_artists.artist_id) as double precision) / nullif(count(*), 0) as share
from artists
left join played_artists on artists.artist_id = played_artists.artist_id
order by kind desc
