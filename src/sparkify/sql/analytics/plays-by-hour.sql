-- title: Plays by hour of the day
-- question: How is listening spread over the day (UTC)?
-- grain: one row per hour of the day that has a play, in order
select
    time.hour,
    count(*) as plays,
    count(distinct songplays.user_id) as listeners
from songplays
inner join time on songplays.start_time = time.start_time
group by time.hour
order by time.hour asc
