-- r6_instant_of_play_exists: every songplays.start_time is in time.
with instants as (
    select time.start_time
    from time
    where
        time.start_time >= (select load_range.since from load_range)
        and time.start_time <= (select load_range.until from load_range)
)

select
    count(*) as violations,
    min('start_time ' || cast(songplays.start_time as varchar(64))) as example
from songplays
left join instants on songplays.start_time = instants.start_time
where
    instants.start_time is null
    and songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
