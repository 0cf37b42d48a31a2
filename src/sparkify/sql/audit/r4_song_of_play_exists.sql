-- r4_song_of_play_exists: every songplays.song_id that is not NULL is in songs.
select
    count(*) as violations,
    min('song_id ' || cast(songplays.song_id as varchar(256))) as example
from songplays
left join songs on songplays.song_id = songs.song_id
where
    songplays.song_id is not null
    and songs.song_id is null
    and songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
