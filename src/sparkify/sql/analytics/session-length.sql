-- title: Session length
-- question: How long do people listen in one session?
-- grain: one row per span of minutes from the first play of a session to its last, in order; sessions need a number
-- invariant: the sessions sum to those in the range, the plays to those in the range that have a session
-- draw: column x=minutes y=sessions
with sessions as (
    select
        plays.user_id,
        plays.session_id,
        count(*) as plays,
        datediff(millisecond, min(plays.start_time), max(plays.start_time)) / 1000.0 as seconds
    from (:plays) as plays
    where plays.session_id is not null
    group by plays.user_id, plays.session_id
),

spans as (
    select
        sessions.plays,
        case
            when sessions.plays = 1 then 0
            when sessions.seconds < 600 then 1
            when sessions.seconds < 1800 then 2
            when sessions.seconds < 3600 then 3
            when sessions.seconds < 7200 then 4
            when sessions.seconds < 14400 then 5
            else 6
        end as place
    from sessions
)

select
    case spans.place
        when 0 then 'one play'
        when 1 then 'under 10'
        when 2 then '10 to 30'
        when 3 then '30 to 60'
        when 4 then '60 to 120'
        when 5 then '120 to 240'
        else '240 and more'
    end as minutes,
    count(*) as sessions,
    cast(sum(spans.plays) as bigint) as plays
from spans
group by spans.place
order by spans.place asc
