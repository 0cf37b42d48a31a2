-- title: Where the music comes from
-- question: Where are the artists from who are played?
-- grain: one row per artist that has coordinates, most played first
-- invariant: the plays are at most those in the range that have an artist
-- param: limit integer 200 1..1000 how many artists
-- draw: map x=longitude y=latitude color=plays
select
    artists.artist_id,
    artists.name,
    artists.location,
    artists.latitude,
    artists.longitude,
    count(*) as plays
from (:plays) as plays
inner join artists on plays.artist_id = artists.artist_id
where artists.latitude is not null and artists.longitude is not null
group by artists.artist_id, artists.name, artists.location, artists.latitude, artists.longitude
order by plays desc, artists.name asc, artists.artist_id asc
limit :limit
