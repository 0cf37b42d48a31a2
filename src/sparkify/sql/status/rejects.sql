-- rejects: records set aside, newest run first; of the run given (?), or of all when it is empty.
select
    etl_rejects.run_id,
    etl_rejects.url,
    etl_rejects.line,
    etl_rejects.reason,
    etl_rejects.record
from etl_rejects
where ? in ('', etl_rejects.run_id)
order by etl_rejects.run_id desc, etl_rejects.url asc, etl_rejects.line asc
limit ?
