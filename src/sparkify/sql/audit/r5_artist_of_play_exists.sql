-- r5_artist_of_play_exists: every songplays.artist_id that is not NULL is in artists.
select
    count(*) as violations,
    min('artist_id ' || cast(songplays.artist_id as varchar(256))) as example
from songplays
left join artists on songplays.artist_id = artists.artist_id
where
    songplays.artist_id is not null
    and artists.artist_id is null
    and songplays.start_time >= (select load_range.since from load_range)
    and songplays.start_time <= (select load_range.until from load_range)
