-- table: load_users
-- strategy: replace
-- when: events
-- distkey: user_id
-- rule: R3
-- The latest event of each user of the batch, against the latest one seen before (R3): by ts, then
-- session_id, then item_in_session, NULL lowest; a full tie by the attributes, largest first, NULL lowest.
with events as (
    select
        staging_events.user_id,
        staging_events.ts,
        staging_events.session_id,
        staging_events.item_in_session,
        case when octet_length(staging_events.first_name) > 0 then staging_events.first_name end as first_name,
        case when octet_length(staging_events.last_name) > 0 then staging_events.last_name end as last_name,
        case when octet_length(staging_events.gender) > 0 then staging_events.gender end as gender,
        case when octet_length(staging_events.level) > 0 then staging_events.level end as level
    from staging_events
    where staging_events.user_id is not null
),

latest as (
    select
        events.user_id,
        max(events.ts) as ts
    from events
    group by events.user_id
),

candidates as (
    select
        events.user_id,
        events.ts,
        events.session_id,
        events.item_in_session,
        events.first_name,
        events.last_name,
        events.gender,
        events.level
    from events
    inner join latest on events.user_id = latest.user_id and events.ts = latest.ts
    union all
    select
        etl_users.user_id,
        etl_users.ts,
        etl_users.session_id,
        etl_users.item_in_session,
        users.first_name,
        users.last_name,
        users.gender,
        users.level
    from etl_users
    inner join users on etl_users.user_id = users.user_id
    where etl_users.user_id in (select latest.user_id from latest)
),

ranked as (
    select
        candidates.user_id,
        candidates.ts,
        candidates.session_id,
        candidates.item_in_session,
        candidates.first_name,
        candidates.last_name,
        candidates.gender,
        candidates.level,
        row_number() over (
            partition by candidates.user_id
            order by
                candidates.ts desc,
                candidates.session_id desc nulls last,
                candidates.item_in_session desc nulls last,
                candidates.first_name desc nulls last,
                octet_length(candidates.first_name) desc nulls last,
                candidates.last_name desc nulls last,
                octet_length(candidates.last_name) desc nulls last,
                candidates.gender desc nulls last,
                octet_length(candidates.gender) desc nulls last,
                candidates.level desc nulls last,
                octet_length(candidates.level) desc nulls last
        ) as pick
    from candidates
)

select
    ranked.user_id,
    ranked.ts,
    ranked.session_id,
    ranked.item_in_session,
    ranked.first_name,
    ranked.last_name,
    ranked.gender,
    ranked.level
from ranked
where ranked.pick = 1
