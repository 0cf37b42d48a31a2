-- title: Retention by cohort
-- question: Of those who first listened in a week or month, how many still do after 1, 2, 3 …?
-- grain: one row per cohort (period of the first play ever) and number of periods since, in order; only with listeners
-- invariant: period 0 of a cohort is its size unless a filter hides first plays; no share is above 1
-- param: by choice week week|month length of a period
-- draw: heat x=periods_since y=cohort color=share
with first_plays as (
    select
        songplays.user_id,
        cast(date_trunc(:by, min(songplays.start_time)) as date) as cohort
    from songplays
    where songplays.user_id is not null
    group by songplays.user_id
),

cohorts as (
    select
        first_plays.cohort,
        count(*) as cohort_size
    from first_plays
    group by first_plays.cohort
),

listeners as (
    select
        listening.user_id,
        cast(date_trunc(:by, listening.day) as date) as period
    from (:listening) as listening
    where listening.user_id is not null
    group by listening.user_id, cast(date_trunc(:by, listening.day) as date)
),

kept as (
    select
        first_plays.cohort,
        case
            when :by = 'week' then datediff(week, first_plays.cohort, listeners.period)
            else datediff(month, first_plays.cohort, listeners.period)
        end as periods_since,
        count(*) as listeners
    from listeners
    inner join first_plays on listeners.user_id = first_plays.user_id
    group by first_plays.cohort, periods_since
)

select
    kept.cohort,
    kept.periods_since,
    kept.listeners,
    cohorts.cohort_size,
    cast(kept.listeners as double precision) / cohorts.cohort_size as share
from kept
inner join cohorts on kept.cohort = cohorts.cohort
order by kept.cohort asc, kept.periods_since asc
