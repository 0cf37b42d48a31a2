-- load_files: a compacted part may hold an earlier version of a file than the ledger knows by now; that stays.
delete from load_files
using etl_files
where
    load_files.url = etl_files.url
    and load_files.kind = etl_files.kind
    and load_files.from_part = 1
    and load_files.modified < etl_files.modified
