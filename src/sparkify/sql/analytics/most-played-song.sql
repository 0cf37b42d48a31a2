-- title: Most played song
-- question: Which song is played most?
-- grain: one row per song title, most played first; only plays whose song is in the catalogue
-- param: limit integer 1 1..1000 how many titles
select
    songs.title,
    count(*) as play_count
from songplays
inner join songs on songplays.song_id = songs.song_id
group by songs.title
order by play_count desc, songs.title asc
limit ?
