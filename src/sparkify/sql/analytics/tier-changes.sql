-- title: Upgrades and downgrades
-- question: How many users change from free to paid and back, as their plays tell?
-- grain: one row per day, week (from Monday) or month with a change between two plays of a user in the range, in order
-- invariant: of one user, upgrades and downgrades differ by one at most
-- param: by choice week day|week|month length of a period
-- draw: stack x=period y=upgrades,downgrades
-- Plays of a user at one instant go by session, as in R3. Redshift compares without trailing blanks, hence the length.
with plays_in_order as (
    select
        plays.start_time,
        plays.level,
        lag(plays.level) over (
            partition by plays.user_id
            order by plays.start_time asc, plays.session_id asc nulls first
        ) as level_before
    from (:plays) as plays
    where plays.user_id is not null and plays.level in ('free', 'paid') and octet_length(plays.level) = 4
)

select
    cast(date_trunc(:by, plays_in_order.start_time) as date) as period,
    cast(sum(case when plays_in_order.level = 'paid' then 1 else 0 end) as bigint) as upgrades,
    cast(sum(case when plays_in_order.level = 'free' then 1 else 0 end) as bigint) as downgrades
from plays_in_order
where plays_in_order.level <> plays_in_order.level_before
group by cast(date_trunc(:by, plays_in_order.start_time) as date)
order by period asc
