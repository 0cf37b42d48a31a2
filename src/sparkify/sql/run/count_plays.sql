-- count_plays: rows that the batch adds to songplays.
select count(*) as plays
from load_plays
