-- time: one row per distinct songplays.start_time (R6). UTC; week is ISO 8601, weekday 0 is Sunday.
-- Nothing enforces the key: the anti-join keeps the grain, within a batch and across batches.
insert into time (start_time, hour, day, week, month, year, weekday)
with loaded as (
    select time.start_time
    from time
    where
        time.start_time >= (select load_range.since from load_range)
        and time.start_time <= (select load_range.until from load_range)
),

new_instants as (
    select distinct load_plays.start_time
    from load_plays
    left join loaded on load_plays.start_time = loaded.start_time
    where loaded.start_time is null
)

select
    new_instants.start_time,
    extract(hour from new_instants.start_time) as hour,
    extract(day from new_instants.start_time) as day,
    extract(week from new_instants.start_time) as week,
    extract(month from new_instants.start_time) as month,
    extract(year from new_instants.start_time) as year,
    extract(dow from new_instants.start_time) as weekday
from new_instants
