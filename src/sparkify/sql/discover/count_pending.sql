-- count_pending: how many files a load has to read, how many of them it read in another version, and their bytes.
select
    count(*) as files,
    coalesce(sum(load_pending.changed), 0) as changed,
    coalesce(sum(load_pending.size), 0) as bytes
from load_pending
