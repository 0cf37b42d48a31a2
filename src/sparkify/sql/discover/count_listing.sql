-- count_listing: how many files were listed, and how many of them --skip passes over.
select
    count(*) as discovered,
    coalesce(sum(load_listing.skipped), 0) as skipped
from load_listing
