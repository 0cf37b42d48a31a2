-- r1_one_row_per_play: (start_time, user_id, session_id) is unique in songplays, NULL equal to NULL.
with repeated as (
    select
        songplays.start_time,
        songplays.user_id,
        songplays.session_id
    from songplays
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
    group by songplays.start_time, songplays.user_id, songplays.session_id
    having count(*) > 1
)

select
    count(*) as violations,
    min(
        'start_time ' || cast(repeated.start_time as varchar(64))
        || ', user_id ' || coalesce(cast(repeated.user_id as varchar(64)), 'NULL')
        || ', session_id ' || coalesce(cast(repeated.session_id as varchar(64)), 'NULL')
    ) as example
from repeated
