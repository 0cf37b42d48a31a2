-- title: Match quality
-- question: How many plays find their song, or at least their artist, in the catalogue?
-- grain: one row per kind of match, most plays first
-- invariant: the plays sum to those in the range
-- draw: bar x=plays y=match
with played as (
    select
        etl_plays.track_id,
        count(*) as plays
    from (:plays) as plays
    inner join etl_plays
        on plays.start_time = etl_plays.start_time and plays.songplay_id = etl_plays.songplay_id
    group by etl_plays.track_id
)

select
    etl_tracks.match,
    cast(sum(played.plays) as bigint) as plays,
    count(*) as tracks
from played
inner join etl_tracks on played.track_id = etl_tracks.track_id
group by etl_tracks.match
order by plays desc, etl_tracks.match asc
