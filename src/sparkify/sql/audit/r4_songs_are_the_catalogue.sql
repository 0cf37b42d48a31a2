-- r4_songs_are_the_catalogue: songs has each song of staging_songs, and no other.
select
    count(*) as violations,
    min('song_id ' || coalesce(songs.song_id, staging_songs.song_id)) as example
from songs
full outer join staging_songs on songs.song_id = staging_songs.song_id
where songs.song_id is null or staging_songs.song_id is null
