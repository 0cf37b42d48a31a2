-- r5_one_row_per_artist: artist_id is unique in artists.
with repeated as (
    select artists.artist_id
    from artists
    group by artists.artist_id
    having count(*) > 1
)

select
    count(*) as violations,
    min('artist_id ' || cast(repeated.artist_id as varchar(256))) as example
from repeated
