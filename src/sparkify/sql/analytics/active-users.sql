-- title: Active users
-- question: How many listen on a day, within a week and within 30 days up to it, and how often do those come back?
-- grain: one row per day in the range that has a play by a known user, in order; stickiness is daily by monthly
-- invariant: daily is at most weekly, weekly at most monthly, monthly at most the listeners of 30 days
-- lookback: 29
-- draw: line x=day y=monthly
-- A user counts from each day with a play to the end of the window or to his next such day, whichever comes first:
-- so spans of one user never overlap, and the running sum of those that begin less those that end counts users.
with active_days as (
    select
        plays.user_id,
        cast(plays.start_time as date) as day
    from (:plays) as plays
    where plays.user_id is not null
    group by plays.user_id, cast(plays.start_time as date)
),

spans as (
    select
        active_days.day,
        lead(active_days.day) over (partition by active_days.user_id order by active_days.day) as next_day
    from active_days
),

changes as (
    select
        spans.day,
        1 as daily,
        1 as weekly,
        1 as monthly
    from spans
    union all
    select
        least(spans.day + 7, coalesce(spans.next_day, date '9999-12-31')) as day,
        0 as daily,
        -1 as weekly,
        0 as monthly
    from spans
    union all
    select
        least(spans.day + 30, coalesce(spans.next_day, date '9999-12-31')) as day,
        0 as daily,
        0 as weekly,
        -1 as monthly
    from spans
),

days as (
    select
        changes.day,
        sum(changes.daily) as daily,
        sum(changes.weekly) as weekly,
        sum(changes.monthly) as monthly
    from changes
    group by changes.day
),

running as (
    select
        days.day,
        cast(days.daily as bigint) as daily,
        cast(sum(days.weekly) over (order by days.day rows unbounded preceding) as bigint) as weekly,
        cast(sum(days.monthly) over (order by days.day rows unbounded preceding) as bigint) as monthly
    from days
)

select
    running.day,
    running.daily,
    running.weekly,
    running.monthly,
    cast(running.daily as double precision) / running.monthly as stickiness
from running
where running.daily > 0 and running.day >= cast(:start as date)
order by running.day asc
