-- table: load_new_texts
-- strategy: replace
-- rule: R2
-- Every title and artist name that the batch's songs and new tracks have, once. Trailing blanks
-- are nothing to a normal form, and Redshift does not tell such texts apart.
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
