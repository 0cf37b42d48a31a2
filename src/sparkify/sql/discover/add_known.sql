-- load_known: compares the listing with the ledger, by etag where both have one, else by size and time of change.
insert into load_known (url, kind, changed)
select
    load_listing.url,
    load_listing.kind,
    case
        when load_listing.etag is not null and etl_files.etag is not null
            then case when load_listing.etag = etl_files.etag then 0 else 1 end
        when load_listing.size = etl_files.size and load_listing.modified = etl_files.modified then 0
        else 1
    end as changed
from load_listing
inner join etl_files on load_listing.url = etl_files.url and load_listing.kind = etl_files.kind
