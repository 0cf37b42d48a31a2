-- loaded_origins: those of them that the ledger knows in this version, or in a later one.
select load_origins.url
from load_origins
inner join etl_files on load_origins.url = etl_files.url and load_origins.kind = etl_files.kind
where
    load_origins.etag = etl_files.etag
    or (load_origins.size = etl_files.size and load_origins.modified = etl_files.modified)
    or load_origins.modified < etl_files.modified
