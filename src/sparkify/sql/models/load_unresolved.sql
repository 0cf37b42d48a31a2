-- table: load_unresolved
-- strategy: replace
-- distkey: track_id
-- rule: R2
-- The tracks to resolve (R2): new ones, and those whose artist's songs change in this batch;
-- all of them when the setting `match` changed (then etl_settings has a row resolve_all).
select load_tracks.track_id
from load_tracks
union
select etl_track_keys.track_id
from etl_track_keys
inner join load_artist_keys on etl_track_keys.artist_key = load_artist_keys.artist_key
union
select etl_tracks.track_id
from etl_tracks
where exists (select 1 from etl_settings where etl_settings.name = 'resolve_all')
