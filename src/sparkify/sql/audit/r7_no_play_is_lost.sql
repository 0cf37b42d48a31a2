-- r7_no_play_is_lost: every play in staging is in songplays.
with loaded as (
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
    count(*) as violations,
    min('start_time ' || cast(staging_events.ts as varchar(64))) as example
from staging_events
left join loaded
    on
        staging_events.ts = loaded.start_time
        and coalesce(cast(staging_events.user_id as bigint), 2147483648) = loaded.user_key
        and coalesce(cast(staging_events.session_id as bigint), 2147483648) = loaded.session_key
where
    staging_events.page = 'NextSong'
    and octet_length(staging_events.page) = 8
    and loaded.start_time is null
