-- count_instants: rows that the batch adds to time.
select count(*) as instants
from load_instants
