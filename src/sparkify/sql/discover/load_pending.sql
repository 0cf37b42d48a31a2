-- load_pending: the files that a load has to read, numbered in the order in which batches take them.
create temp table load_pending as
select
    load_listing.url,
    load_listing.etag,
    load_listing.size,
    load_listing.modified,
    load_listing.kind,
    load_listing.raw_path,
    coalesce(load_known.changed, 0) as changed,
    row_number() over (order by load_listing.modified, load_listing.url) as place
from load_listing
left join load_known on load_listing.url = load_known.url and load_listing.kind = load_known.kind
where
    load_listing.skipped = 0
    and (load_known.url is null or load_known.changed = 1)
