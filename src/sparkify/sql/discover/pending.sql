-- pending: the files to read after a place, up to another.
select
    load_pending.url,
    load_pending.etag,
    load_pending.size,
    load_pending.modified,
    load_pending.kind,
    load_pending.raw_path
from load_pending
where
    load_pending.place > ?
    and load_pending.place <= ?
order by load_pending.place
