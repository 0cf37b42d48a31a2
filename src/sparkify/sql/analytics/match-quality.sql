-- title: Match quality
-- question: How many plays find their song, or at least their artist, in the catalogue?
-- grain: one row per kind of match; the plays sum to all plays
select
    etl_tracks.match,
    count(*) as plays,
    count(distinct etl_plays.track_id) as tracks
from etl_plays
inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
group by etl_tracks.match
order by plays desc, etl_tracks.match asc
