-- table: time
-- strategy: append
-- when: events
-- rule: R6
-- One row per distinct songplays.start_time (R6). UTC; week is ISO 8601, weekday 0 is Sunday.
select
    load_instants.start_time,
    extract(hour from load_instants.start_time) as hour,
    extract(day from load_instants.start_time) as day,
    extract(week from load_instants.start_time) as week,
    extract(month from load_instants.start_time) as month,
    extract(year from load_instants.start_time) as year,
    extract(dow from load_instants.start_time) as weekday
from load_instants
