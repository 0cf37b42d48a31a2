-- title: Overview
-- question: How much is listened to, by how many, in how many sessions, and how much of it by paying users?
-- grain: one row
-- invariant: the plays are those in the range
-- draw: number
-- Redshift compares text without trailing blanks, hence the length.
with by_session as (
    select
        listening.user_id,
        listening.session_id,
        cast(sum(listening.plays) as bigint) as plays,
        cast(
            sum(case when listening.level = 'paid' and listening.level_length = 4 then listening.plays else 0 end)
            as bigint
        ) as paid_plays
    from (:listening) as listening
    group by listening.user_id, listening.session_id
)

select
    cast(coalesce(sum(by_session.plays), 0) as bigint) as plays,
    count(distinct by_session.user_id) as listeners,
    count(by_session.session_id) as sessions,
    cast(coalesce(sum(by_session.paid_plays), 0) as bigint) as paid_plays,
    cast(sum(by_session.paid_plays) as double precision) / sum(by_session.plays) as paid_share
from by_session
