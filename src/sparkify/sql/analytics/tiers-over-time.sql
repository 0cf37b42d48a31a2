-- title: Free and paid over time
-- question: How much do free and paying users listen, by the tier that they had when they did?
-- grain: one row per day, week (from Monday) or month and tier that has a play, in order; NULL is unknown
-- invariant: the plays sum to those in the range
-- param: by choice day day|week|month length of a period
-- draw: area x=period y=plays color=level
-- Redshift groups text without trailing blanks, hence the lengths.
select
    cast(date_trunc(:by, plays.start_time) as date) as period,
    plays.level,
    count(*) as plays,
    count(distinct plays.user_id) as listeners
from (:plays) as plays
group by cast(date_trunc(:by, plays.start_time) as date), plays.level, octet_length(plays.level)
order by period asc, plays.level asc, octet_length(plays.level) asc
