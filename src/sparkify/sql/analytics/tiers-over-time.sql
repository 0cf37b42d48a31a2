-- title: Free and paid over time
-- question: How much do free and paying users listen, by the tier that they had when they did?
-- grain: one row per day, week (from Monday) or month and tier that has a play, in order; NULL is unknown
-- invariant: the plays sum to those in the range
-- param: by choice day day|week|month length of a period
-- draw: area x=period y=plays color=level
-- Redshift groups text without trailing blanks, hence the lengths.
with by_user as (
    select
        cast(date_trunc(:by, listening.day) as date) as period,
        listening.level,
        listening.level_length,
        listening.user_id,
        cast(sum(listening.plays) as bigint) as plays
    from (:listening) as listening
    group by
        cast(date_trunc(:by, listening.day) as date), listening.level, listening.level_length, listening.user_id
)

select
    by_user.period,
    by_user.level,
    cast(sum(by_user.plays) as bigint) as plays,
    count(by_user.user_id) as listeners
from by_user
group by by_user.period, by_user.level, by_user.level_length
order by by_user.period asc, by_user.level asc, by_user.level_length asc
