-- title: Listening by device
-- question: With which browsers and systems do people listen?
-- grain: one row per browser and system, most plays first; NULL is unknown, as are agents beyond the 2,000 most used
-- invariant: the plays sum to those in the range
-- draw: bar x=plays y=browser color=operating_system
with agents (user_agent, browser, operating_system) as (
    :agents
)

select
    agents.browser,
    agents.operating_system,
    count(*) as plays,
    count(distinct plays.user_id) as listeners
from (:plays) as plays
left join agents
    on
        plays.user_agent = agents.user_agent
        and octet_length(plays.user_agent) = octet_length(agents.user_agent)
group by agents.browser, agents.operating_system
order by plays desc, agents.browser asc, agents.operating_system asc
