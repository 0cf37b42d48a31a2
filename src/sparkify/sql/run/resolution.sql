-- resolution: how the plays added since a songplay_id (?) find their songs now (R2), plays by match.
select
    etl_tracks.match,
    count(*) as plays
from etl_plays
inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
where etl_plays.songplay_id > ?
group by etl_tracks.match
