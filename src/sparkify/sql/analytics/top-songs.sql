-- title: Top songs
-- question: Which songs are played most, and by whom are they?
-- grain: one row per song, most played first; only plays whose song is in the catalogue
-- invariant: over all songs, the plays sum to those in the range that have a song
-- param: limit integer 10 1..1000 how many songs
-- draw: bar x=plays y=title
-- Listeners are counted of the songs that are shown alone: that takes far longer than to count plays.
with played as (
    select
        plays.song_id,
        count(*) as plays
    from (:plays) as plays
    where plays.song_id is not null
    group by plays.song_id
),

most as (
    select
        songs.song_id,
        songs.title,
        songs.artist_id,
        played.plays
    from played
    inner join songs on played.song_id = songs.song_id
    order by played.plays desc, songs.title asc, songs.song_id asc
    limit :limit
),

heard as (
    select
        plays.song_id,
        count(distinct plays.user_id) as listeners
    from (:plays) as plays
    inner join most on plays.song_id = most.song_id
    group by plays.song_id
)

select
    most.song_id,
    most.title,
    artists.name as artist,
    most.plays,
    heard.listeners
from most
inner join heard on most.song_id = heard.song_id
left join artists on most.artist_id = artists.artist_id
order by most.plays desc, most.title asc, most.song_id asc
