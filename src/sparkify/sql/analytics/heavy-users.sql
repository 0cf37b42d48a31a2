-- title: Heavy users
-- question: Who listens most?
-- grain: one row per user, most plays first; level is the tier of today
-- invariant: over all users, the plays sum to those in the range that have a user
-- param: limit integer 10 1..1000 how many users
-- draw: bar x=plays y=user_id
-- Sessions are counted of the users that are shown alone: that takes far longer than to count plays.
with most as (
    select
        plays.user_id,
        count(*) as plays
    from (:plays) as plays
    where plays.user_id is not null
    group by plays.user_id
    order by plays desc, plays.user_id asc
    limit :limit
),

heard as (
    select
        plays.user_id,
        count(distinct plays.session_id) as sessions,
        max(plays.start_time) as last_play
    from (:plays) as plays
    inner join most on plays.user_id = most.user_id
    group by plays.user_id
)

select
    most.user_id,
    users.first_name,
    users.last_name,
    users.level,
    most.plays,
    heard.sessions,
    heard.last_play
from most
inner join heard on most.user_id = heard.user_id
left join users on most.user_id = users.user_id
order by most.plays desc, most.user_id asc
