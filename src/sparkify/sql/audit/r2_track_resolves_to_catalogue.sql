-- r2_track_resolves_to_catalogue: the song and artist of every track are in songs and artists, and its match
-- says which of them it has.
select
    count(*) as violations,
    min('track_id ' || cast(etl_tracks.track_id as varchar(64))) as example
from etl_tracks
left join songs on etl_tracks.song_id = songs.song_id
left join artists on etl_tracks.artist_id = artists.artist_id
where
    (etl_tracks.song_id is not null and songs.song_id is null)
    or (etl_tracks.artist_id is not null and artists.artist_id is null)
    or (etl_tracks.match in ('exact', 'title')) <> (etl_tracks.song_id is not null)
    or (etl_tracks.match = 'artist' and etl_tracks.artist_id is null)
    or (etl_tracks.match = 'none' and etl_tracks.artist_id is not null)
