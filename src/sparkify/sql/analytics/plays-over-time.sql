-- title: Plays over time
-- question: How much is listened to each day, week or month (UTC), by how many, in how many sessions?
-- grain: one row per day, week (from Monday) or month that has a play, in order; the first and the last may be partial
-- invariant: the plays sum to those in the range
-- param: by choice day day|week|month length of a period
-- draw: line x=period y=plays
with by_session as (
    select
        cast(date_trunc(:by, listening.day) as date) as period,
        listening.user_id,
        listening.session_id,
        cast(sum(listening.plays) as bigint) as plays
    from (:listening) as listening
    group by cast(date_trunc(:by, listening.day) as date), listening.user_id, listening.session_id
)

select
    by_session.period,
    cast(sum(by_session.plays) as bigint) as plays,
    count(distinct by_session.user_id) as listeners,
    count(by_session.session_id) as sessions
from by_session
group by by_session.period
order by by_session.period asc
