-- load_listing: each file that came more than once is there once.
insert into load_listing (url, etag, size, modified, kind, raw_path, skipped)
select
    load_repeated.url,
    load_repeated.etag,
    load_repeated.size,
    load_repeated.modified,
    load_repeated.kind,
    load_repeated.raw_path,
    load_repeated.skipped
from load_repeated
