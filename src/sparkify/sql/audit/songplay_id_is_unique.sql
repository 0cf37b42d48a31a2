-- songplay_id_is_unique: songplay_id is unique in songplays.
with repeated as (
    select songplays.songplay_id
    from songplays
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
    group by songplays.songplay_id
    having count(*) > 1
)

select
    count(*) as violations,
    min('songplay_id ' || cast(repeated.songplay_id as varchar(64))) as example
from repeated
