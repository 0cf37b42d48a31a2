-- load_moved_plays: the plays that follow their track to another song or artist. Asked only when the catalogue or
-- `match` changed: the plays of a track that is new are not there yet.
create temp table load_moved_plays as
select
    etl_plays.songplay_id,
    etl_plays.start_time,
    load_changed_tracks.song_id,
    load_changed_tracks.artist_id
from etl_plays
inner join load_changed_tracks on etl_plays.track_id = load_changed_tracks.track_id
inner join songplays
    on etl_plays.songplay_id = songplays.songplay_id and etl_plays.start_time = songplays.start_time
where
    coalesce(songplays.song_id, '') <> coalesce(load_changed_tracks.song_id, '')
    or coalesce(songplays.artist_id, '') <> coalesce(load_changed_tracks.artist_id, '')
