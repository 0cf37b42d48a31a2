-- title: Match quality
-- question: How many plays find their song, or at least their artist, in the catalogue?
-- grain: one row per kind of match, most plays first
-- invariant: the plays sum to those in the range
-- draw: bar x=plays y=match
select
    etl_tracks.match,
    count(*) as plays,
    count(distinct etl_plays.track_id) as tracks
from (:plays) as plays
inner join etl_plays
    on plays.start_time = etl_plays.start_time and plays.songplay_id = etl_plays.songplay_id
inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
group by etl_tracks.match
order by plays desc, etl_tracks.match asc
