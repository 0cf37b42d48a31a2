-- etl_plays: the times of the plays that are there.
update etl_plays
set start_time = songplays.start_time
from songplays
where etl_plays.songplay_id = songplays.songplay_id
