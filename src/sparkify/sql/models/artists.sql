-- table: artists
-- key: artist_id
-- strategy: upsert
-- when: songs
-- changes: run_artists
-- rule: R5
-- Artists (R5) of the batch's songs that are new or differ from what is loaded. The name
-- most of the artist's songs carry, then the shortest, then the first in code-point order; the location
-- likewise; the most frequent pair of coordinates, then the smallest.
with catalogue as (
    select
        staging_songs.artist_id,
        case when octet_length(staging_songs.artist_name) > 0 then staging_songs.artist_name end as name,
        case when octet_length(staging_songs.artist_location) > 0 then staging_songs.artist_location end as location,
        staging_songs.artist_latitude as latitude,
        staging_songs.artist_longitude as longitude
    from staging_songs
    inner join load_artist_ids on staging_songs.artist_id = load_artist_ids.artist_id
),

names as (
    select
        catalogue.artist_id,
        catalogue.name,
        row_number() over (
            partition by catalogue.artist_id
            order by count(*) desc, char_length(catalogue.name) asc, catalogue.name asc
        ) as pick
    from catalogue
    where catalogue.name is not null
    group by catalogue.artist_id, catalogue.name, octet_length(catalogue.name)
),

locations as (
    select
        catalogue.artist_id,
        catalogue.location,
        row_number() over (
            partition by catalogue.artist_id
            order by count(*) desc, char_length(catalogue.location) asc, catalogue.location asc
        ) as pick
    from catalogue
    where catalogue.location is not null
    group by catalogue.artist_id, catalogue.location, octet_length(catalogue.location)
),

coordinates as (
    select
        catalogue.artist_id,
        catalogue.latitude,
        catalogue.longitude,
        row_number() over (
            partition by catalogue.artist_id
            order by count(*) desc, catalogue.latitude asc, catalogue.longitude asc
        ) as pick
    from catalogue
    where catalogue.latitude is not null and catalogue.longitude is not null
    group by catalogue.artist_id, catalogue.latitude, catalogue.longitude
)

select
    named_by_songs.artist_id,
    names.name,
    locations.location,
    coordinates.latitude,
    coordinates.longitude,
    octet_length(names.name) as name_bytes,
    octet_length(locations.location) as location_bytes
from (select distinct catalogue.artist_id from catalogue) as named_by_songs
left join names on named_by_songs.artist_id = names.artist_id and names.pick = 1
left join locations on named_by_songs.artist_id = locations.artist_id and locations.pick = 1
left join coordinates on named_by_songs.artist_id = coordinates.artist_id and coordinates.pick = 1
except
select
    artists.artist_id,
    artists.name,
    artists.location,
    artists.latitude,
    artists.longitude,
    octet_length(artists.name) as name_bytes,
    octet_length(artists.location) as location_bytes
from artists
where artists.artist_id in (select load_artist_ids.artist_id from load_artist_ids)
