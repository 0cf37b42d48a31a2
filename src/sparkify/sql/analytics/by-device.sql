-- title: Listening by device
-- question: With which browsers and systems do people listen?
-- grain: one row per browser and system, most plays first; NULL is unknown, as are agents beyond the 2,000 most used
-- invariant: the plays sum to those in the range
-- draw: bar x=plays y=browser color=operating_system
-- Agents are compared for each user once, not for each play.
with agents (user_agent, browser, operating_system) as (
    :agents
),

by_user as (
    select
        plays.user_agent,
        octet_length(plays.user_agent) as agent_length,
        plays.user_id,
        count(*) as plays
    from (:plays) as plays
    group by plays.user_agent, octet_length(plays.user_agent), plays.user_id
)

select
    agents.browser,
    agents.operating_system,
    cast(sum(by_user.plays) as bigint) as plays,
    count(distinct by_user.user_id) as listeners
from by_user
left join agents
    on by_user.user_agent = agents.user_agent and by_user.agent_length = octet_length(agents.user_agent)
group by agents.browser, agents.operating_system
order by plays desc, agents.browser asc, agents.operating_system asc
