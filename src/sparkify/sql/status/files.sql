-- files: what is loaded, by kind.
select
    etl_files.kind,
    count(*) as files,
    sum(etl_files.size) as bytes,
    sum(etl_files.rows) as rows,
    sum(etl_files.rejected) as rejected,
    max(etl_files.modified) as newest
from etl_files
group by etl_files.kind
order by etl_files.kind asc
