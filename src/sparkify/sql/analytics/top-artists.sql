-- title: Top artists
-- question: Which artists are played most?
-- grain: one row per artist, most played first; only plays whose artist is in the catalogue
-- param: limit integer 10 1..1000 how many artists
select
    artists.artist_id,
    artists.name,
    count(*) as plays,
    count(distinct songplays.user_id) as listeners
from songplays
inner join artists on songplays.artist_id = artists.artist_id
group by artists.artist_id, artists.name
order by plays desc, artists.name asc, artists.artist_id asc
limit ?
