-- title: Time to upgrade
-- question: How many days pass from a user's first play on free to the first on paid?
-- grain: one row per number of midnights (UTC) between, in order; users whose first free play is before the first paid
-- invariant: the users sum to those whose first free play in the range is before their first paid one in it
-- draw: column x=days y=users
-- Redshift compares text without trailing blanks, hence the length.
with first_plays as (
    select
        plays.user_id,
        min(case when plays.level = 'free' then plays.start_time end) as first_free,
        min(case when plays.level = 'paid' then plays.start_time end) as first_paid
    from (:plays) as plays
    where plays.user_id is not null and octet_length(plays.level) = 4
    group by plays.user_id
)

select
    datediff(day, first_plays.first_free, first_plays.first_paid) as days,
    count(*) as users
from first_plays
where first_plays.first_free < first_plays.first_paid
group by datediff(day, first_plays.first_free, first_plays.first_paid)
order by days asc
