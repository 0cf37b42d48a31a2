-- title: Heavy users
-- question: Who listens most?
-- grain: one row per user, most plays first; level is the tier of today
-- invariant: over all users, the plays sum to those in the range that have a user
-- param: limit integer 10 1..1000 how many users
-- draw: bar x=plays y=user_id
select
    plays.user_id,
    users.first_name,
    users.last_name,
    users.level,
    count(*) as plays,
    count(distinct plays.session_id) as sessions,
    max(plays.start_time) as last_play
from (:plays) as plays
left join users on plays.user_id = users.user_id
where plays.user_id is not null
group by plays.user_id, users.first_name, users.last_name, users.level
order by plays desc, plays.user_id asc
limit :limit
