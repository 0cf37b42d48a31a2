-- table: load_kept
-- strategy: replace
-- when: events
-- distkey: ts
-- rule: R1
-- Of the plays that share a key, the one that is kept (R1): the lowest, NULL lowest. Only keys that
-- repeat are ranked, because ranking all plays costs more than the rest of the load.
with ranked as (
    select
        staging_events.ts,
        staging_events.user_id,
        staging_events.session_id,
        staging_events.item_in_session,
        staging_events.song,
        staging_events.artist,
        staging_events.length,
        staging_events.level,
        staging_events.location,
        staging_events.user_agent,
        row_number() over (
            partition by load_repeated.ts, load_repeated.user_key, load_repeated.session_key
            order by
                staging_events.item_in_session asc nulls first,
                staging_events.song asc nulls first,
                octet_length(staging_events.song) asc nulls first,
                staging_events.artist asc nulls first,
                octet_length(staging_events.artist) asc nulls first,
                staging_events.length asc nulls first,
                staging_events.level asc nulls first,
                octet_length(staging_events.level) asc nulls first,
                staging_events.location asc nulls first,
                octet_length(staging_events.location) asc nulls first,
                staging_events.user_agent asc nulls first,
                octet_length(staging_events.user_agent) asc nulls first
        ) as pick
    from staging_events
    inner join load_repeated
        on
            staging_events.ts = load_repeated.ts
            and coalesce(cast(staging_events.user_id as bigint), 2147483648) = load_repeated.user_key
            and coalesce(cast(staging_events.session_id as bigint), 2147483648) = load_repeated.session_key
    where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8
)

select
    ranked.ts,
    ranked.user_id,
    ranked.session_id,
    ranked.item_in_session,
    ranked.song,
    ranked.artist,
    ranked.length,
    ranked.level,
    ranked.location,
    ranked.user_agent
from ranked
where ranked.pick = 1
