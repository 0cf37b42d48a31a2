-- etl_tracks: the new resolutions.
update etl_tracks
set
    match = load_changed_tracks.match,
    song_id = load_changed_tracks.song_id,
    artist_id = load_changed_tracks.artist_id
from load_changed_tracks
where etl_tracks.track_id = load_changed_tracks.track_id
