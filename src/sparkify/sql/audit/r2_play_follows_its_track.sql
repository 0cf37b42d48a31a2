-- r2_play_follows_its_track: every play has a track, and the song and artist to which the track resolves.
with tracks as (
    select
        etl_plays.songplay_id,
        etl_plays.start_time,
        etl_tracks.song_id,
        etl_tracks.artist_id
    from etl_plays
    inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
    where
        etl_plays.start_time >= (select load_range.since from load_range)
        and etl_plays.start_time <= (select load_range.until from load_range)
)

select
    count(*) as violations,
    min('songplay_id ' || cast(songplays.songplay_id as varchar(64))) as example
from songplays
left join tracks on songplays.songplay_id = tracks.songplay_id and songplays.start_time = tracks.start_time
where
    songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
    and (
        tracks.songplay_id is null
        or coalesce(songplays.song_id, '') <> coalesce(tracks.song_id, '')
        or coalesce(songplays.artist_id, '') <> coalesce(tracks.artist_id, '')
    )
