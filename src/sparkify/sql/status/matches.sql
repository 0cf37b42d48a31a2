-- matches: how many plays found their song, or at least their artist, and by how many tracks.
select
    etl_tracks.match,
    count(*) as plays,
    count(distinct etl_plays.track_id) as tracks
from etl_plays
inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
group by etl_tracks.match
