-- r6_play_of_instant_exists: time has no start_time without a play.
with plays as (
    select songplays.start_time
    from songplays
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
)

select
    count(*) as violations,
    min('start_time ' || cast(time.start_time as varchar(64))) as example
from time
left join plays on time.start_time = plays.start_time
where
    plays.start_time is null
    and time.start_time >= (select load_range.since from load_range)
    and time.start_time <= (select load_range.until from load_range)
