-- highest_songplay_id: plays that a run adds are numbered above it.
select coalesce(max(songplays.songplay_id), 0) as songplay_id
from songplays
