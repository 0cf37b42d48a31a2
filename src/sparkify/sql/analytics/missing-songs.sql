-- title: Songs the catalogue lacks
-- question: Which songs are played most that the catalogue does not have?
-- grain: one row per title and artist as plays name them (case and spaces aside), most played first
-- invariant: over all songs, the plays sum to those in the range that have no song but a title of more than spaces
-- param: limit integer 20 1..1000 how many songs
-- decoded: song artist
-- draw: bar x=plays y=song
-- Plays are counted by track, which are few, and only then by name; listeners of the songs that are shown alone. A song
-- goes by the first of its tracks. Artists of tracks are those of their plays (R2).
with played as (
    select
        etl_plays.track_id,
        count(*) as plays
    from (:plays) as plays
    inner join etl_plays
        on plays.start_time = etl_plays.start_time and plays.songplay_id = etl_plays.songplay_id
    where plays.song_id is null
    group by etl_plays.track_id
),

tracks as (
    select
        played.track_id,
        played.plays,
        etl_tracks.artist_id,
        trim(both ' ' from etl_tracks.song) as song,
        nullif(trim(both ' ' from etl_tracks.artist), '') as artist,
        min(played.track_id) over (partition by etl_track_keys.title_key, etl_track_keys.artist_key) as first_track
    from played
    inner join etl_tracks on played.track_id = etl_tracks.track_id
    inner join etl_track_keys on played.track_id = etl_track_keys.track_id
    where etl_track_keys.title_key is not null
),

most as (
    select
        tracks.first_track,
        min(tracks.song) as song,
        min(tracks.artist) as artist,
        cast(sum(tracks.plays) as bigint) as plays,
        case when max(tracks.artist_id) is null then 'no' else 'yes' end as artist_known
    from tracks
    group by tracks.first_track
    order by plays desc, song asc, artist asc
    limit :limit
),

heard as (
    select
        most.first_track,
        count(distinct plays.user_id) as listeners
    from (:plays) as plays
    inner join etl_plays
        on plays.start_time = etl_plays.start_time and plays.songplay_id = etl_plays.songplay_id
    inner join tracks on etl_plays.track_id = tracks.track_id
    inner join most on tracks.first_track = most.first_track
    where plays.song_id is null
    group by most.first_track
)

select
    most.song,
    most.artist,
    most.plays,
    heard.listeners,
    most.artist_known
from most
inner join heard on most.first_track = heard.first_track
order by most.plays desc, most.song asc, most.artist asc
