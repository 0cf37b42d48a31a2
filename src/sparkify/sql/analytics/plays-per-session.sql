-- title: Plays per session
-- question: How many songs do people hear in one session?
-- grain: one row per span of plays, in order; sessions need a number
-- invariant: the sessions sum to those in the range, the plays to those in the range that have a session
-- draw: column x=plays_in_session y=sessions
with sessions as (
    select
        listening.user_id,
        listening.session_id,
        cast(sum(listening.plays) as bigint) as plays
    from (:listening) as listening
    where listening.session_id is not null
    group by listening.user_id, listening.session_id
),

spans as (
    select
        sessions.plays,
        case
            when sessions.plays = 1 then 0
            when sessions.plays <= 5 then 1
            when sessions.plays <= 10 then 2
            when sessions.plays <= 20 then 3
            when sessions.plays <= 50 then 4
            when sessions.plays <= 100 then 5
            else 6
        end as place
    from sessions
)

select
    case spans.place
        when 0 then '1'
        when 1 then '2 to 5'
        when 2 then '6 to 10'
        when 3 then '11 to 20'
        when 4 then '21 to 50'
        when 5 then '51 to 100'
        else '101 and more'
    end as plays_in_session,
    count(*) as sessions,
    cast(sum(spans.plays) as bigint) as plays
from spans
group by spans.place
order by spans.place asc
