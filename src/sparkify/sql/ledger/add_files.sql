-- etl_files: the versions that were read (4.4).
insert into etl_files (url, etag, size, modified, kind, run_id, loaded_at, rows, rejected)
select
    load_files.url,
    load_files.etag,
    load_files.size,
    load_files.modified,
    load_files.kind,
    load_files.run_id,
    load_files.loaded_at,
    load_files.rows,
    load_files.rejected
from load_files
