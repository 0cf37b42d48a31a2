-- title: Upgrades and downgrades
-- question: How many users change from free to paid and back, as their plays tell?
-- grain: one row per day, week (from Monday) or month with a change between two plays of a user in the range, in order
-- invariant: of one user, upgrades and downgrades differ by one at most
-- param: by choice week day|week|month length of a period
-- draw: stack x=period y=upgrades,downgrades
-- Plays of a user at one instant go by session, as in R3. Redshift compares without trailing blanks, hence the length.
-- Most users have one tier: their plays need not be put in order.
with users_of_both as (
    select listening.user_id
    from (:listening) as listening
    where listening.user_id is not null and listening.level in ('free', 'paid') and listening.level_length = 4
    group by listening.user_id
    having min(listening.level) <> max(listening.level)
),

plays_in_order as (
    select
        plays.start_time,
        plays.level,
        lag(plays.level) over (
            partition by plays.user_id
            order by plays.start_time asc, plays.session_id asc nulls first
        ) as level_before
    from (:plays) as plays
    inner join users_of_both on plays.user_id = users_of_both.user_id
    where plays.level in ('free', 'paid') and octet_length(plays.level) = 4
)

select
    cast(date_trunc(:by, plays_in_order.start_time) as date) as period,
    cast(sum(case when plays_in_order.level = 'paid' then 1 else 0 end) as bigint) as upgrades,
    cast(sum(case when plays_in_order.level = 'free' then 1 else 0 end) as bigint) as downgrades
from plays_in_order
where plays_in_order.level <> plays_in_order.level_before
group by cast(date_trunc(:by, plays_in_order.start_time) as date)
order by period asc
