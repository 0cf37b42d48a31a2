-- rejects: records set aside, newest run first; of the runs whose id is like the first parameter.
select
    etl_rejects.run_id,
    etl_rejects.url,
    etl_rejects.line,
    etl_rejects.reason,
    etl_rejects.record
from etl_rejects
where etl_rejects.run_id like ?
order by etl_rejects.run_id desc, etl_rejects.url asc, etl_rejects.line asc
limit ?
