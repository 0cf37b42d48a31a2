-- title: Top songs
-- question: Which songs are played most, and by whom are they?
-- grain: one row per song, most played first; only plays whose song is in the catalogue
-- invariant: over all songs, the plays sum to those in the range that have a song
-- param: limit integer 10 1..1000 how many songs
-- draw: bar x=plays y=title
with played as (
    select
        plays.song_id,
        count(*) as plays,
        count(distinct plays.user_id) as listeners
    from (:plays) as plays
    where plays.song_id is not null
    group by plays.song_id
)

select
    songs.song_id,
    songs.title,
    artists.name as artist,
    played.plays,
    played.listeners
from played
inner join songs on played.song_id = songs.song_id
left join artists on songs.artist_id = artists.artist_id
order by played.plays desc, songs.title asc, songs.song_id asc
limit :limit
