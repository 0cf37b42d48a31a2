-- title: Listening by gender
-- question: How much do women and men listen?
-- grain: one row per gender as users last gave it, most plays first; NULL is unknown
-- invariant: the plays sum to those in the range, the listeners to those in the range
-- draw: bar x=plays y=gender
-- Redshift groups text without trailing blanks, hence the lengths.
with by_user as (
    select
        plays.user_id,
        count(*) as plays
    from (:plays) as plays
    group by plays.user_id
)

select
    users.gender,
    cast(sum(by_user.plays) as bigint) as plays,
    count(by_user.user_id) as listeners
from by_user
left join users on by_user.user_id = users.user_id
group by users.gender, octet_length(users.gender)
order by plays desc, users.gender asc, octet_length(users.gender) asc
