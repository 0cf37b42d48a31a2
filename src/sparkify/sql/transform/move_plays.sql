-- songplays: the plays that follow their track (R2).
update songplays
set
    song_id = load_moved_plays.song_id,
    artist_id = load_moved_plays.artist_id
from load_moved_plays
where songplays.songplay_id = load_moved_plays.songplay_id and songplays.start_time = load_moved_plays.start_time
