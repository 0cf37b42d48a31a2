-- r3_user_of_play_exists: every songplays.user_id that is not NULL is in users.
select
    count(*) as violations,
    min('user_id ' || cast(songplays.user_id as varchar(256))) as example
from songplays
left join users on songplays.user_id = users.user_id
where
    songplays.user_id is not null
    and users.user_id is null
    and songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
