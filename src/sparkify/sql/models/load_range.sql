-- table: load_range
-- strategy: replace
-- The instants between which the batch's plays lie; joins and audits look no further, so that a
-- daily load costs the day.
select
    min(staging_events.ts) as since,
    max(staging_events.ts) as until
from staging_events
where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8
