-- r5_artists_are_of_the_catalogue: artists has each artist whom a song names, and no other.
with named as (
    select distinct staging_songs.artist_id
    from staging_songs
    where octet_length(staging_songs.artist_id) > 0
)

select
    count(*) as violations,
    min('artist_id ' || coalesce(artists.artist_id, named.artist_id)) as example
from artists
full outer join named on artists.artist_id = named.artist_id
where artists.artist_id is null or named.artist_id is null
