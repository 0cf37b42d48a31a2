-- table: load_instants
-- strategy: replace
-- when: events
-- distkey: start_time
-- rule: R6
-- The instants of the batch's new plays that are not in time yet (R6). Nothing enforces the key: the
-- anti-join keeps the grain, within a batch and across batches.
with loaded as (
    select time.start_time
    from time
    where
        time.start_time >= (select load_range.since from load_range)
        and time.start_time <= (select load_range.until from load_range)
)

select distinct load_plays.start_time
from load_plays
left join loaded on load_plays.start_time = loaded.start_time
where loaded.start_time is null
