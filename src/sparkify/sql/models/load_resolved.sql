-- table: load_resolved
-- strategy: replace
-- distkey: track_id
-- rule: R2
-- One row per track to resolve (R2), first hit wins: exact, title, artist. NULL, or text that
-- normalises to nothing, matches nothing. The setting `match` switches title and artist off.
with tracks as (
    select
        etl_tracks.track_id,
        etl_tracks.song,
        etl_tracks.artist,
        etl_tracks.length,
        etl_track_keys.title_key,
        etl_track_keys.artist_key
    from etl_tracks
    inner join load_unresolved on etl_tracks.track_id = load_unresolved.track_id
    inner join etl_track_keys on etl_tracks.track_id = etl_track_keys.track_id
    where etl_track_keys.artist_key is not null
),

steps as (
    select etl_settings.value as match
    from etl_settings
    where etl_settings.name = 'match' and etl_settings.value = 'resolve'
),

by_equality as (
    select
        tracks.track_id,
        min(staging_songs.song_id) as song_id
    from tracks
    inner join staging_songs
        on
            tracks.song = staging_songs.title
            and tracks.artist = staging_songs.artist_name
            and octet_length(tracks.song) = octet_length(staging_songs.title)
            and octet_length(tracks.artist) = octet_length(staging_songs.artist_name)
            and tracks.length = staging_songs.duration
    where tracks.title_key is not null
    group by tracks.track_id
),

-- The nearest duration, if the track has one; a song without is furthest; then the lowest song_id.
by_title as (
    select
        tracks.track_id,
        etl_songs.song_id,
        row_number() over (
            partition by tracks.track_id
            order by
                case when tracks.length is not null and staging_songs.duration is null then 1 else 0 end asc,
                coalesce(abs(staging_songs.duration - tracks.length), 0) asc,
                etl_songs.song_id asc
        ) as pick
    from tracks
    inner join etl_songs
        on tracks.artist_key = etl_songs.artist_key and tracks.title_key = etl_songs.title_key
    inner join staging_songs on etl_songs.song_id = staging_songs.song_id
    cross join steps
),

-- The artist with most songs of the catalogue under the name, then the lowest artist_id.
by_artist as (
    select
        etl_songs.artist_key,
        staging_songs.artist_id,
        row_number() over (
            partition by etl_songs.artist_key
            order by count(*) desc, staging_songs.artist_id asc
        ) as pick
    from etl_songs
    inner join staging_songs on etl_songs.song_id = staging_songs.song_id
    cross join steps
    where
        octet_length(staging_songs.artist_id) > 0
        and etl_songs.artist_key in (select tracks.artist_key from tracks)
    group by etl_songs.artist_key, staging_songs.artist_id
),

found as (
    select
        tracks.track_id,
        tracks.artist_key,
        case
            when by_equality.song_id is not null then 'exact'
            when by_title.song_id is not null then 'title'
        end as match,
        coalesce(by_equality.song_id, by_title.song_id) as song_id
    from tracks
    left join by_equality on tracks.track_id = by_equality.track_id
    left join by_title on tracks.track_id = by_title.track_id and by_title.pick = 1
)

select
    load_unresolved.track_id,
    coalesce(found.match, case when by_artist.artist_id is not null then 'artist' else 'none' end) as match,
    found.song_id,
    case
        when found.song_id is null then by_artist.artist_id
        when octet_length(staging_songs.artist_id) > 0 then staging_songs.artist_id
    end as artist_id
from load_unresolved
left join found on load_unresolved.track_id = found.track_id
left join staging_songs on found.song_id = staging_songs.song_id
left join by_artist on found.artist_key = by_artist.artist_key and by_artist.pick = 1
