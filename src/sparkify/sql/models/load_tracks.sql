-- table: load_tracks
-- strategy: replace
-- distkey: track_id
-- rule: R2
-- The tracks that the batch's plays name and no earlier play did; empty text is NULL. Bytes are
-- compared too, here and elsewhere, because Redshift takes text for equal that differs in trailing blanks.
with last as (
    select coalesce(max(etl_tracks.track_id), 0) as track_id
    from etl_tracks
),

named as (
    select distinct
        case when octet_length(staging_events.song) > 0 then staging_events.song end as song,
        case when octet_length(staging_events.artist) > 0 then staging_events.artist end as artist,
        staging_events.length,
        nullif(octet_length(staging_events.song), 0) as song_bytes,
        nullif(octet_length(staging_events.artist), 0) as artist_bytes
    from staging_events
    where staging_events.page = 'NextSong' and octet_length(staging_events.page) = 8
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
        and coalesce(named.song_bytes, 0) = coalesce(octet_length(etl_tracks.song), 0)
        and coalesce(named.artist_bytes, 0) = coalesce(octet_length(etl_tracks.artist), 0)
        and coalesce(named.length, 0) = coalesce(etl_tracks.length, 0)
        and (named.length is null) = (etl_tracks.length is null)
where etl_tracks.track_id is null
