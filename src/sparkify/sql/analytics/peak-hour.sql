-- title: Peak hour
-- question: At which hour of the day (UTC) do people listen most?
-- grain: one row per hour of the day, busiest first
-- param: limit integer 1 1..24 how many hours
select
    time.hour,
    count(*) as total_plays
from songplays
inner join time on songplays.start_time = time.start_time
group by time.hour
order by total_plays desc, time.hour asc
limit ?
