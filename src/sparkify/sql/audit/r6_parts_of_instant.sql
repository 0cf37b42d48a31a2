-- r6_parts_of_instant: the parts in time are those of start_time.
select
    count(*) as violations,
    min('start_time ' || cast(time.start_time as varchar(64))) as example
from time
where
    time.start_time >= (select load_range.since from load_range)
    and time.start_time <= (select load_range.until from load_range)
    and (
        coalesce(time.hour, -1) <> extract(hour from time.start_time)
        or coalesce(time.day, -1) <> extract(day from time.start_time)
        or coalesce(time.week, -1) <> extract(week from time.start_time)
        or coalesce(time.month, -1) <> extract(month from time.start_time)
        or coalesce(time.year, -999999) <> extract(year from time.start_time)
        or coalesce(time.weekday, -1) <> extract(dow from time.start_time)
    )
