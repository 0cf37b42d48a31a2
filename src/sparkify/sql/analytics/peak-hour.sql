-- title: Peak hour
-- question: At which hour of the day (UTC) do people listen most?
-- grain: one row per hour of the day, busiest first
-- invariant: over all hours, the plays sum to those in the range
-- param: limit integer 1 1..24 how many hours
-- draw: bar x=total_plays y=hour
select
    time.hour,
    count(*) as total_plays
from (:plays) as plays
inner join time on plays.start_time = time.start_time
group by time.hour
order by total_plays desc, time.hour asc
limit :limit
