-- agents: the user agents of the filtered plays, most played first; a table names browser and system of each.
-- Redshift groups text without trailing blanks, hence the lengths.
select
    plays.user_agent,
    count(*) as plays
from (:plays) as plays
where plays.user_agent is not null
group by plays.user_agent, octet_length(plays.user_agent)
order by plays desc, plays.user_agent asc, octet_length(plays.user_agent) asc
limit :limit
