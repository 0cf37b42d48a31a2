-- table: load_plays
-- strategy: replace
-- when: events
-- distkey: start_time
-- rule: R1, R2
-- The batch's new plays (R1), one row per distinct (start_time, user_id, session_id), where NULL
-- equals NULL (no INT is 2147483648), with the song and artist of their track (R2). A play already loaded stays.
-- Ids go on from the highest (run/highest_songplay_id). Every source is read once: an engine that materialises
-- what is read twice would copy the whole batch.
with plays as (
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
        staging_events.user_agent
    from staging_events
    left join load_repeated
        on
            staging_events.ts = load_repeated.ts
            and coalesce(cast(staging_events.user_id as bigint), 2147483648) = load_repeated.user_key
            and coalesce(cast(staging_events.session_id as bigint), 2147483648) = load_repeated.session_key
    where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8 and load_repeated.ts is null
    union all
    select
        load_kept.ts,
        load_kept.user_id,
        load_kept.session_id,
        load_kept.item_in_session,
        load_kept.song,
        load_kept.artist,
        load_kept.length,
        load_kept.level,
        load_kept.location,
        load_kept.user_agent
    from load_kept
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
),

last as (
    select
        cast(
            coalesce(max(cast(etl_settings.value as bigint)), 0)
            + (select coalesce(sum(etl_batches.plays_new), 0) from etl_batches) as bigint
        ) as songplay_id
    from etl_settings
    where etl_settings.name = 'songplay_floor'
)

select
    last.songplay_id + row_number() over () as songplay_id,
    etl_tracks.track_id,
    plays.item_in_session,
    plays.ts as start_time,
    plays.user_id,
    case when octet_length(plays.level) > 0 then plays.level end as level,
    etl_tracks.song_id,
    etl_tracks.artist_id,
    plays.session_id,
    case when octet_length(plays.location) > 0 then plays.location end as location,
    case when octet_length(plays.user_agent) > 0 then plays.user_agent end as user_agent
from plays
cross join last
left join known
    on
        plays.ts = known.start_time
        and coalesce(cast(plays.user_id as bigint), 2147483648) = known.user_key
        and coalesce(cast(plays.session_id as bigint), 2147483648) = known.session_key
inner join etl_tracks
    on
        coalesce(plays.song, '') = coalesce(etl_tracks.song, '')
        and coalesce(plays.artist, '') = coalesce(etl_tracks.artist, '')
        and coalesce(octet_length(plays.song), 0) = coalesce(octet_length(etl_tracks.song), 0)
        and coalesce(octet_length(plays.artist), 0) = coalesce(octet_length(etl_tracks.artist), 0)
        and coalesce(plays.length, 0) = coalesce(etl_tracks.length, 0)
        and (plays.length is null) = (etl_tracks.length is null)
where known.start_time is null
