-- title: Plays per day
-- question: How much is listened to each day (UTC), by how many, in how many sessions?
-- grain: one row per day that has a play, in order
select
    cast(songplays.start_time as date) as day,
    count(*) as plays,
    count(distinct songplays.user_id) as listeners,
    count(distinct songplays.session_id) as sessions
from songplays
group by cast(songplays.start_time as date)
order by day asc
