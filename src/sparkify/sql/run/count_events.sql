-- count_events: the batch's events, counted in staging (R8). A known play is an event whose play was loaded
-- before, or one that repeats a play of the batch.
with plays as (
    select
        staging_events.ts,
        coalesce(cast(staging_events.user_id as bigint), 2147483648) as user_key,
        coalesce(cast(staging_events.session_id as bigint), 2147483648) as session_key,
        count(*) as events
    from staging_events
    where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8
    group by 1, 2, 3
),

known as (
    select
        songplays.start_time,
        coalesce(cast(songplays.user_id as bigint), 2147483648) as user_key,
        coalesce(cast(songplays.session_id as bigint), 2147483648) as session_key
    from songplays
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
)

select
    coalesce(sum(case when known.start_time is null then plays.events - 1 else plays.events end), 0) as known_plays,
    (
        select count(*)
        from staging_events
        where staging_events.page <> 'NextSong' or octet_length(staging_events.page) <> 8
    ) as other_pages
from plays
left join known
    on
        plays.ts = known.start_time
        and plays.user_key = known.user_key
        and plays.session_key = known.session_key
