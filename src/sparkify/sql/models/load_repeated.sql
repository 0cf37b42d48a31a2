-- table: load_repeated
-- strategy: replace
-- when: events
-- distkey: ts
-- rule: R1
-- The keys that more than one play of the batch has (R1), where NULL equals NULL (no INT is
-- 2147483648). Shippers repeat lines; most batches have none.
select
    staging_events.ts,
    coalesce(cast(staging_events.user_id as bigint), 2147483648) as user_key,
    coalesce(cast(staging_events.session_id as bigint), 2147483648) as session_key
from staging_events
where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8
group by 1, 2, 3
having count(*) > 1
