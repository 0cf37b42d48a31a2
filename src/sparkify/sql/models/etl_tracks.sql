-- table: etl_tracks
-- strategy: append
-- rule: R2
-- The new tracks, not resolved yet.
select
    load_tracks.track_id,
    load_tracks.song,
    load_tracks.artist,
    load_tracks.length,
    'none' as match,
    cast(null as varchar(256)) as song_id,
    cast(null as varchar(256)) as artist_id
from load_tracks
