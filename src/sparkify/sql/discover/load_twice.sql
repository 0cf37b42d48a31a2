-- load_twice: the files that came more than once, as a store may list them, each in its latest version. Files of
-- this machine whose names look alike (raw_path) are as many files.
create temp table load_twice as
with several as (
    select load_listing.url
    from load_listing
    where load_listing.raw_path is null
    group by load_listing.url
    having count(*) > 1
),

versions as (
    select
        load_listing.*,
        row_number() over (
            partition by load_listing.url order by load_listing.modified desc, load_listing.etag asc
        ) as place
    from load_listing
    inner join several on load_listing.url = several.url
    where load_listing.raw_path is null
)

select
    versions.url,
    versions.etag,
    versions.size,
    versions.modified,
    versions.kind,
    versions.raw_path,
    versions.skipped
from versions
where versions.place = 1
