-- staging_songs: the records that newer ones replace.
delete from staging_songs
using load_songs
where staging_songs.song_id = load_songs.song_id
