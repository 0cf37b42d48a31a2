-- title: Plays by hour of the day
-- question: How is listening spread over the day (UTC)?
-- grain: one row per hour of the day that has a play, in order
-- invariant: the plays sum to those in the range
-- draw: column x=hour y=plays
select
    extract(hour from plays.start_time) as hour,
    count(*) as plays,
    count(distinct plays.user_id) as listeners
from (:plays) as plays
group by extract(hour from plays.start_time)
order by hour asc
