-- r6_one_row_per_instant: start_time is unique in time.
with repeated as (
    select time.start_time
    from time
    where
        time.start_time >= (select load_range.since from load_range)
        and time.start_time <= (select load_range.until from load_range)
    group by time.start_time
    having count(*) > 1
)

select
    count(*) as violations,
    min('start_time ' || cast(repeated.start_time as varchar(64))) as example
from repeated
