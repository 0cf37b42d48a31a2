-- r8_plays_are_counted: songplays and etl_plays have as many rows as the batches added; none vanished since.
with counts as (
    select
        (select coalesce(sum(etl_batches.plays_new), 0) from etl_batches) as added,
        (select count(*) from songplays) as plays,
        (select count(*) from etl_plays) as tracks
)

select
    count(*) as violations,
    min(
        cast(counts.added as varchar(64)) || ' plays added, ' || cast(counts.plays as varchar(64))
        || ' in songplays, ' || cast(counts.tracks as varchar(64)) || ' in etl_plays'
    ) as example
from counts
where counts.added <> counts.plays or counts.added <> counts.tracks
