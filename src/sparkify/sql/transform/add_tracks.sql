-- etl_tracks: the new tracks, not resolved yet.
insert into etl_tracks (track_id, song, artist, length, match)
select
    load_tracks.track_id,
    load_tracks.song,
    load_tracks.artist,
    load_tracks.length,
    'none' as match
from load_tracks
