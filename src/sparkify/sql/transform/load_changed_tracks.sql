-- load_changed_tracks: the tracks whose resolution is another than before.
create temp table load_changed_tracks distkey (track_id) as
select
    load_resolved.track_id,
    load_resolved.match,
    load_resolved.song_id,
    load_resolved.artist_id
from load_resolved
except
select
    etl_tracks.track_id,
    etl_tracks.match,
    etl_tracks.song_id,
    etl_tracks.artist_id
from etl_tracks
