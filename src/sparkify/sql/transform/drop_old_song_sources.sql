-- etl_songs: where replaced records came from.
delete from etl_songs
using load_songs
where etl_songs.song_id = load_songs.song_id
