-- load_plays: the batch's new plays (R1), one row per distinct (start_time, user_id, session_id), where NULL
-- equals NULL (no INT is 2147483648). Of events that share the key the lowest is kept, NULL lowest; only keys
-- that repeat are ranked, because ranking all costs more than the whole join. A play already loaded stays.
create temp table load_plays as
with plays as (
    select
        staging_events.ts,
        staging_events.user_id,
        staging_events.session_id,
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
    where staging_events.page = 'NextSong'
),

repeated as (
    select
        plays.ts,
        plays.user_key,
        plays.session_key
    from plays
    group by plays.ts, plays.user_key, plays.session_key
    having count(*) > 1
),

ranked as (
    select
        plays.ts,
        plays.user_id,
        plays.session_id,
        plays.user_key,
        plays.session_key,
        plays.item_in_session,
        plays.song,
        plays.artist,
        plays.length,
        plays.level,
        plays.location,
        plays.user_agent,
        row_number() over (
            partition by plays.ts, plays.user_key, plays.session_key
            order by
                plays.item_in_session asc nulls first,
                plays.song asc nulls first,
                plays.artist asc nulls first,
                plays.length asc nulls first,
                plays.level asc nulls first,
                plays.location asc nulls first,
                plays.user_agent asc nulls first
        ) as pick
    from plays
    inner join repeated
        on
            plays.ts = repeated.ts
            and plays.user_key = repeated.user_key
            and plays.session_key = repeated.session_key
),

distinct_plays as (
    select
        plays.ts,
        plays.user_id,
        plays.session_id,
        plays.user_key,
        plays.session_key,
        plays.item_in_session,
        plays.song,
        plays.artist,
        plays.length,
        plays.level,
        plays.location,
        plays.user_agent
    from plays
    left join repeated
        on
            plays.ts = repeated.ts
            and plays.user_key = repeated.user_key
            and plays.session_key = repeated.session_key
    where repeated.ts is null
    union all
    select
        ranked.ts,
        ranked.user_id,
        ranked.session_id,
        ranked.user_key,
        ranked.session_key,
        ranked.item_in_session,
        ranked.song,
        ranked.artist,
        ranked.length,
        ranked.level,
        ranked.location,
        ranked.user_agent
    from ranked
    where ranked.pick = 1
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
    greatest(
        coalesce((select max(songplays.songplay_id) from songplays), 0),
        coalesce(
            (
                select max(cast(etl_settings.value as bigint))
                from etl_settings
                where etl_settings.name = 'songplay_floor'
            ),
            0
        )
    ) + row_number() over () as songplay_id,
    etl_tracks.track_id,
    distinct_plays.item_in_session,
    distinct_plays.ts as start_time,
    distinct_plays.user_id,
    nullif(distinct_plays.level, '') as level,
    etl_tracks.song_id,
    etl_tracks.artist_id,
    distinct_plays.session_id,
    nullif(distinct_plays.location, '') as location,
    nullif(distinct_plays.user_agent, '') as user_agent
from distinct_plays
left join known
    on
        distinct_plays.ts = known.start_time
        and distinct_plays.user_key = known.user_key
        and distinct_plays.session_key = known.session_key
inner join etl_tracks
    on
        coalesce(distinct_plays.song, '') = coalesce(etl_tracks.song, '')
        and coalesce(distinct_plays.artist, '') = coalesce(etl_tracks.artist, '')
        and coalesce(distinct_plays.length, 0) = coalesce(etl_tracks.length, 0)
        and (distinct_plays.length is null) = (etl_tracks.length is null)
where known.start_time is null
