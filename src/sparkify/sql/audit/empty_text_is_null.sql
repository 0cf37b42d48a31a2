-- empty_text_is_null: the dimensions have no empty text.
with empty as (
    select 'user_id ' || cast(users.user_id as varchar(64)) as example
    from users
    where '' in (users.first_name, users.last_name, users.gender, users.level)
    union all
    select 'song_id ' || songs.song_id as example
    from songs
    where '' in (songs.song_id, songs.title, songs.artist_id)
    union all
    select 'artist_id ' || artists.artist_id as example
    from artists
    where '' in (artists.artist_id, artists.name, artists.location)
    union all
    select 'songplay_id ' || cast(songplays.songplay_id as varchar(64)) as example
    from songplays
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
        and '' in (
            songplays.level, songplays.song_id, songplays.artist_id, songplays.location, songplays.user_agent
        )
)

select
    count(*) as violations,
    min(empty.example) as example
from empty
