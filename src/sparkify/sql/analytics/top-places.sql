-- title: Top places
-- question: Where are people when they listen?
-- grain: one row per place as the app tells it, most plays first; NULL is unknown
-- invariant: over all places, the plays sum to those in the range
-- param: limit integer 10 1..1000 how many places
-- draw: bar x=plays y=location
-- Redshift groups text without trailing blanks, hence the lengths.
select
    plays.location,
    count(*) as plays,
    count(distinct plays.user_id) as listeners
from (:plays) as plays
group by plays.location, octet_length(plays.location)
order by plays desc, plays.location asc, octet_length(plays.location) asc
limit :limit
