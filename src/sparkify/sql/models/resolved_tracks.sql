-- table: etl_tracks
-- key: track_id
-- strategy: update
-- sets: match song_id artist_id
-- distkey: track_id
-- rule: R2
-- The tracks whose resolution is another than before.
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
