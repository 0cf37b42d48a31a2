-- title: New and returning listeners
-- question: How many listen for the first time, and how many have listened before?
-- grain: one row per day, week (from Monday) or month that has a play by a known user, in order
-- invariant: both sum to the listeners of the period; a user is new once, in the period of the first play
-- param: by choice week day|week|month length of a period
-- draw: stack x=period y=new_listeners,returning_listeners
with first_plays as (
    select
        songplays.user_id,
        cast(date_trunc(:by, min(songplays.start_time)) as date) as first_period
    from songplays
    where songplays.user_id is not null
    group by songplays.user_id
),

listeners as (
    select
        listening.user_id,
        cast(date_trunc(:by, listening.day) as date) as period
    from (:listening) as listening
    where listening.user_id is not null
    group by listening.user_id, cast(date_trunc(:by, listening.day) as date)
)

select
    listeners.period,
    cast(sum(case when listeners.period = first_plays.first_period then 1 else 0 end) as bigint) as new_listeners,
    cast(sum(case when listeners.period > first_plays.first_period then 1 else 0 end) as bigint) as returning_listeners
from listeners
inner join first_plays on listeners.user_id = first_plays.user_id
group by listeners.period
order by listeners.period asc
