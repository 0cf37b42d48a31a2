-- title: Most played song
-- question: Which song is played most?
-- grain: one row per song title, most played first; only plays whose song is in the catalogue
-- invariant: over all titles, the plays sum to those in the range that have a song
-- param: limit integer 1 1..1000 how many titles
-- draw: bar x=play_count y=title
-- Redshift groups text without trailing blanks, hence the lengths.
select
    songs.title,
    count(*) as play_count
from (:plays) as plays
inner join songs on plays.song_id = songs.song_id
group by songs.title, octet_length(songs.title)
order by play_count desc, songs.title asc, octet_length(songs.title) asc
limit :limit
