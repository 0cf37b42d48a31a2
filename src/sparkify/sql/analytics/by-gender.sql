-- title: Listening by gender
-- question: How much do women and men listen?
-- grain: one row per gender as users last gave it, most plays first; NULL is unknown
-- invariant: the plays sum to those in the range, the listeners to those in the range
-- draw: bar x=plays y=gender
-- Redshift groups text without trailing blanks, hence the lengths.
select
    users.gender,
    count(*) as plays,
    count(distinct plays.user_id) as listeners
from (:plays) as plays
left join users on plays.user_id = users.user_id
group by users.gender, octet_length(users.gender)
order by plays desc, users.gender asc, octet_length(users.gender) asc
