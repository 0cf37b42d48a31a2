-- r2_play_follows_its_track: every play has a track, and the song and artist to which the track resolves.
select
    count(*) as violations,
    min('songplay_id ' || cast(songplays.songplay_id as varchar(64))) as example
from songplays
left join etl_plays on songplays.songplay_id = etl_plays.songplay_id
left join etl_tracks on etl_plays.track_id = etl_tracks.track_id
where
    songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
    and (
        etl_tracks.track_id is null
        or coalesce(songplays.song_id, '') <> coalesce(etl_tracks.song_id, '')
        or coalesce(songplays.artist_id, '') <> coalesce(etl_tracks.artist_id, '')
    )
