-- listening: the filtered plays, counted by day (UTC), user, session and tier at the time of the play. Where several
-- queries of one page begin with it, it is counted once for all of them.
-- Redshift groups text without trailing blanks, hence the length.
select
    date_trunc('day', plays.start_time) as day,
    plays.user_id,
    plays.session_id,
    plays.level,
    octet_length(plays.level) as level_length,
    count(*) as plays
from (:plays) as plays
group by
    date_trunc('day', plays.start_time),
    plays.user_id,
    plays.session_id,
    plays.level,
    octet_length(plays.level)
