-- plays: from when to when the loaded plays reach.
select
    min(songplays.start_time) as first_play,
    max(songplays.start_time) as last_play
from songplays
