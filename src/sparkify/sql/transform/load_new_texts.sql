-- load_new_texts: every title and artist name that the batch's songs and new tracks have, once. Trailing blanks
-- are nothing to a normal form, and Redshift does not tell such texts apart.
create temp table load_new_texts as
select rtrim(load_songs.title, ' ') as text
from load_songs
union
select rtrim(load_songs.artist_name, ' ') as text
from load_songs
union
select rtrim(load_tracks.song, ' ') as text
from load_tracks
union
select rtrim(load_tracks.artist, ' ') as text
from load_tracks
