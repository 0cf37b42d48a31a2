-- empty_text_is_null: the dimensions have no empty text.
with empty as (
    select 'user_id ' || cast(users.user_id as varchar(64)) as example
    from users
    where
        0 in (
            octet_length(users.first_name),
            octet_length(users.last_name),
            octet_length(users.gender),
            octet_length(users.level)
        )
    union all
    select 'song_id ' || songs.song_id as example
    from songs
    where 0 in (octet_length(songs.song_id), octet_length(songs.title), octet_length(songs.artist_id))
    union all
    select 'artist_id ' || artists.artist_id as example
    from artists
    where 0 in (octet_length(artists.artist_id), octet_length(artists.name), octet_length(artists.location))
    union all
    select 'songplay_id ' || cast(songplays.songplay_id as varchar(64)) as example
    from songplays
    where
        songplays.start_time >= (select load_range.since from load_range)
        and songplays.start_time <= (select load_range.until from load_range)
        and 0 in (
            octet_length(songplays.level),
            octet_length(songplays.song_id),
            octet_length(songplays.artist_id),
            octet_length(songplays.location),
            octet_length(songplays.user_agent)
        )
)

select
    count(*) as violations,
    min(empty.example) as example
from empty
