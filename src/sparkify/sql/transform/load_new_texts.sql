-- load_new_texts: every title and artist name that the batch's songs and new tracks have, once.
create temp table load_new_texts as
select load_songs.title as text
from load_songs
union
select load_songs.artist_name as text
from load_songs
union
select load_tracks.song as text
from load_tracks
union
select load_tracks.artist as text
from load_tracks
