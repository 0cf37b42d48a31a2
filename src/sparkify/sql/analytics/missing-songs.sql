-- title: Songs the catalogue lacks
-- question: Which songs are played most that the catalogue does not have?
-- grain: one row per title and artist as plays name them (case and spaces aside), most played first
-- invariant: over all songs, the plays sum to those in the range that have no song but a title of more than spaces
-- param: limit integer 20 1..1000 how many songs
-- decoded: song artist
-- draw: bar x=plays y=song
select
    min(btrim(etl_tracks.song, ' ')) as song,
    min(nullif(btrim(etl_tracks.artist, ' '), '')) as artist,
    count(*) as plays,
    count(distinct plays.user_id) as listeners,
    case when max(plays.artist_id) is null then 'no' else 'yes' end as artist_known
from (:plays) as plays
inner join etl_plays
    on plays.start_time = etl_plays.start_time and plays.songplay_id = etl_plays.songplay_id
inner join etl_tracks on etl_plays.track_id = etl_tracks.track_id
inner join etl_track_keys on etl_tracks.track_id = etl_track_keys.track_id
where plays.song_id is null and etl_track_keys.title_key is not null
group by etl_track_keys.title_key, etl_track_keys.artist_key
order by plays desc, song asc, artist asc
limit :limit
