-- title: Top songs
-- question: Which songs are played most, and by whom are they?
-- grain: one row per song, most played first; only plays whose song is in the catalogue
-- param: limit integer 10 1..1000 how many songs
select
    songs.song_id,
    songs.title,
    artists.name as artist,
    count(*) as plays,
    count(distinct songplays.user_id) as listeners
from songplays
inner join songs on songplays.song_id = songs.song_id
left join artists on songs.artist_id = artists.artist_id
group by songs.song_id, songs.title, artists.name
order by plays desc, songs.title asc, songs.song_id asc
limit ?
