-- load_tracks: the tracks that the batch's plays name and no earlier play did; empty text is NULL.
create temp table load_tracks as
with last as (
    select coalesce(max(etl_tracks.track_id), 0) as track_id
    from etl_tracks
),

named as (
    select distinct
        nullif(staging_events.song, '') as song,
        nullif(staging_events.artist, '') as artist,
        staging_events.length
    from staging_events
    where staging_events.page = 'NextSong'
)

select
    last.track_id + row_number() over () as track_id,
    named.song,
    named.artist,
    named.length
from named
cross join last
left join etl_tracks
    on
        coalesce(named.song, '') = coalesce(etl_tracks.song, '')
        and coalesce(named.artist, '') = coalesce(etl_tracks.artist, '')
        and coalesce(named.length, 0) = coalesce(etl_tracks.length, 0)
        and (named.length is null) = (etl_tracks.length is null)
where etl_tracks.track_id is null
