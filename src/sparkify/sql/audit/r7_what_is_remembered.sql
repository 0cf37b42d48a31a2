-- r7_what_is_remembered: what later loads need to know is there, once, for each user, song and track: without it
-- the result would depend on the order in which files come.
with broken as (
    select 'user_id ' || cast(coalesce(users.user_id, etl_users.user_id) as varchar(64)) as example
    from users
    full outer join etl_users on users.user_id = etl_users.user_id
    where users.user_id is null or etl_users.user_id is null
    union all
    select 'song_id ' || coalesce(staging_songs.song_id, etl_songs.song_id) as example
    from staging_songs
    full outer join etl_songs on staging_songs.song_id = etl_songs.song_id
    where staging_songs.song_id is null or etl_songs.song_id is null
    union all
    select 'track_id ' || cast(coalesce(etl_tracks.track_id, etl_track_keys.track_id) as varchar(64)) as example
    from etl_tracks
    full outer join etl_track_keys on etl_tracks.track_id = etl_track_keys.track_id
    where etl_tracks.track_id is null or etl_track_keys.track_id is null
    union all
    select 'song_id ' || etl_songs.song_id as example
    from etl_songs
    group by etl_songs.song_id
    having count(*) > 1
    union all
    select 'user_id ' || cast(etl_users.user_id as varchar(64)) as example
    from etl_users
    group by etl_users.user_id
    having count(*) > 1
)

select
    count(*) as violations,
    min(broken.example) as example
from broken
