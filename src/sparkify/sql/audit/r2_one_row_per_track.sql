-- r2_one_row_per_track: track_id is unique in etl_tracks, and so is (song, artist, length), NULL equal to NULL.
with repeated as (
    select min(etl_tracks.track_id) as track_id
    from etl_tracks
    group by
        etl_tracks.song,
        etl_tracks.artist,
        etl_tracks.length,
        octet_length(etl_tracks.song),
        octet_length(etl_tracks.artist)
    having count(*) > 1
    union all
    select etl_tracks.track_id
    from etl_tracks
    group by etl_tracks.track_id
    having count(*) > 1
)

select
    count(*) as violations,
    min('track_id ' || cast(repeated.track_id as varchar(64))) as example
from repeated
