-- r6_instant_of_play_exists: every songplays.start_time is in time.
select
    count(*) as violations,
    min('start_time ' || cast(songplays.start_time as varchar(64))) as example
from songplays
left join time on songplays.start_time = time.start_time
where
    time.start_time is null
    and songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
