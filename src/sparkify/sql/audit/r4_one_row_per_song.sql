-- r4_one_row_per_song: song_id is unique in songs.
with repeated as (
    select songs.song_id
    from songs
    group by songs.song_id
    having count(*) > 1
)

select
    count(*) as violations,
    min('song_id ' || cast(repeated.song_id as varchar(256))) as example
from repeated
