-- table: songplays
-- key: songplay_id start_time
-- strategy: update
-- sets: song_id artist_id
-- when: songs
-- changes: run_plays
-- rule: R2
-- The plays that follow their track to another song or artist. Asked only when the catalogue or
-- `match` changed: the plays of a track that is new are not there yet.
select
    etl_plays.songplay_id,
    etl_plays.start_time,
    resolved_tracks.song_id,
    resolved_tracks.artist_id
from etl_plays
inner join resolved_tracks on etl_plays.track_id = resolved_tracks.track_id
inner join songplays
    on etl_plays.songplay_id = songplays.songplay_id and etl_plays.start_time = songplays.start_time
where
    coalesce(songplays.song_id, '') <> coalesce(resolved_tracks.song_id, '')
    or coalesce(songplays.artist_id, '') <> coalesce(resolved_tracks.artist_id, '')
