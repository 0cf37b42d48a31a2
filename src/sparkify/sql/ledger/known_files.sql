-- known_files: the latest loaded version of every file.
select
    etl_files.url,
    etl_files.etag,
    etl_files.size,
    etl_files.modified
from etl_files
