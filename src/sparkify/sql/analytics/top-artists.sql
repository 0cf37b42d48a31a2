-- title: Top artists
-- question: Which artists are played most?
-- grain: one row per artist, most played first; only plays whose artist is in the catalogue
-- invariant: over all artists, the plays sum to those in the range that have an artist
-- param: limit integer 10 1..1000 how many artists
-- draw: bar x=plays y=name
-- Listeners are counted of the artists that are shown alone: that takes far longer than to count plays.
with played as (
    select
        plays.artist_id,
        count(*) as plays
    from (:plays) as plays
    where plays.artist_id is not null
    group by plays.artist_id
),

most as (
    select
        artists.artist_id,
        artists.name,
        played.plays
    from played
    inner join artists on played.artist_id = artists.artist_id
    order by played.plays desc, artists.name asc, artists.artist_id asc
    limit :limit
),

heard as (
    select
        plays.artist_id,
        count(distinct plays.user_id) as listeners
    from (:plays) as plays
    inner join most on plays.artist_id = most.artist_id
    group by plays.artist_id
)

select
    most.artist_id,
    most.name,
    most.plays,
    heard.listeners
from most
inner join heard on most.artist_id = heard.artist_id
order by most.plays desc, most.name asc, most.artist_id asc
