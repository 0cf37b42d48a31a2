-- songs: the rows that change.
delete from songs
using load_changed_songs
where songs.song_id = load_changed_songs.song_id
