-- count_time: rows of time.
select count(*) as instants
from time
