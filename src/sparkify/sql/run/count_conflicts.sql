-- count_conflicts: events that share a loaded play's key but differ from it in another field (R1). Asked after
-- the plays are in, and only when a play of the batch came twice or was known. Plays loaded before schema
-- version 2 have no item_in_session to differ in.
with plays as (
    select
        staging_events.ts,
        coalesce(cast(staging_events.user_id as bigint), 2147483648) as user_key,
        coalesce(cast(staging_events.session_id as bigint), 2147483648) as session_key,
        staging_events.item_in_session,
        staging_events.song,
        staging_events.artist,
        staging_events.length,
        staging_events.level,
        staging_events.location,
        staging_events.user_agent
    from staging_events
    where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8
),

loaded as (
    select
        songplays.start_time,
        coalesce(cast(songplays.user_id as bigint), 2147483648) as user_key,
        coalesce(cast(songplays.session_id as bigint), 2147483648) as session_key,
        songplays.level,
        songplays.location,
        songplays.user_agent,
        etl_plays.item_in_session,
        etl_tracks.song,
        etl_tracks.artist,
        etl_tracks.length
    from songplays
    inner join etl_plays
        on songplays.songplay_id = etl_plays.songplay_id and songplays.start_time = etl_plays.start_time
    inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
        and etl_plays.start_time >= (select load_range.since from load_range)
        and etl_plays.start_time <= (select load_range.until from load_range)
)

select count(*) as conflicts
from plays
inner join loaded
    on
        plays.ts = loaded.start_time
        and plays.user_key = loaded.user_key
        and plays.session_key = loaded.session_key
where
    coalesce(plays.song, '') <> coalesce(loaded.song, '')
    or coalesce(plays.artist, '') <> coalesce(loaded.artist, '')
    or coalesce(plays.length, 0) <> coalesce(loaded.length, 0)
    or (plays.length is null) <> (loaded.length is null)
    or coalesce(plays.level, '') <> coalesce(loaded.level, '')
    or coalesce(plays.location, '') <> coalesce(loaded.location, '')
    or coalesce(plays.user_agent, '') <> coalesce(loaded.user_agent, '')
    or coalesce(octet_length(plays.song), 0) <> coalesce(octet_length(loaded.song), 0)
    or coalesce(octet_length(plays.artist), 0) <> coalesce(octet_length(loaded.artist), 0)
    or coalesce(octet_length(plays.level), 0) <> coalesce(octet_length(loaded.level), 0)
    or coalesce(octet_length(plays.location), 0) <> coalesce(octet_length(loaded.location), 0)
    or coalesce(octet_length(plays.user_agent), 0) <> coalesce(octet_length(loaded.user_agent), 0)
    or (
        loaded.item_in_session is not null
        and coalesce(cast(plays.item_in_session as bigint), 2147483648) <> loaded.item_in_session
    )
