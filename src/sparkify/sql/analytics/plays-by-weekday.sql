-- title: Hour by weekday
-- question: At which hours (UTC) of which weekdays do people listen?
-- grain: one row per weekday (Sunday is 0) and hour of the day that has a play, in order
-- invariant: the plays sum to those in the range
-- draw: heat x=hour y=weekday color=plays
select
    extract(dow from plays.start_time) as weekday,
    extract(hour from plays.start_time) as hour,
    count(*) as plays
from (:plays) as plays
group by extract(dow from plays.start_time), extract(hour from plays.start_time)
order by weekday asc, hour asc
