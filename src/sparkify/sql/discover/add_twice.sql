-- load_listing: each file that came more than once is there once.
insert into load_listing (url, etag, size, modified, kind, raw_path, skipped)
select
    load_twice.url,
    load_twice.etag,
    load_twice.size,
    load_twice.modified,
    load_twice.kind,
    load_twice.raw_path,
    load_twice.skipped
from load_twice
