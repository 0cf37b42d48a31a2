-- r4_songs_are_the_catalogue: songs has each song of staging_songs with the same values, and no other.
select
    count(*) as violations,
    min('song_id ' || coalesce(songs.song_id, staging_songs.song_id)) as example
from songs
full outer join staging_songs on songs.song_id = staging_songs.song_id
where
    songs.song_id is null
    or staging_songs.song_id is null
    or coalesce(songs.title, '') <> coalesce(staging_songs.title, '')
    or coalesce(songs.artist_id, '') <> coalesce(staging_songs.artist_id, '')
    or coalesce(songs.year, 0) <> coalesce(staging_songs.year, 0)
    or songs.year = 0
    or coalesce(songs.duration, 0) <> coalesce(staging_songs.duration * 1000, 0)
    or (songs.duration is null) <> (staging_songs.duration is null)
