-- table: load_songs
-- strategy: replace
-- distkey: song_id
-- rule: R4
-- The batch's song records that win over what is loaded: per song_id the newest, by the file's
-- time of change, then its name, then the record's place in it (design 4.2). A full tie takes what came last.
with ranked as (
    select
        batch_songs.num_songs,
        batch_songs.artist_id,
        batch_songs.artist_latitude,
        batch_songs.artist_longitude,
        batch_songs.artist_location,
        batch_songs.artist_name,
        batch_songs.song_id,
        batch_songs.title,
        batch_songs.duration,
        batch_songs.year,
        batch_songs.modified,
        batch_songs.url,
        batch_songs.record,
        row_number() over (
            partition by batch_songs.song_id
            order by batch_songs.modified desc, batch_songs.url desc, batch_songs.record desc
        ) as pick
    from batch_songs
)

select
    ranked.num_songs,
    ranked.artist_id,
    ranked.artist_latitude,
    ranked.artist_longitude,
    ranked.artist_location,
    ranked.artist_name,
    ranked.song_id,
    ranked.title,
    ranked.duration,
    ranked.year,
    ranked.modified,
    ranked.url,
    ranked.record
from ranked
left join etl_songs on ranked.song_id = etl_songs.song_id
where
    ranked.pick = 1
    and (
        etl_songs.song_id is null
        or ranked.modified > etl_songs.modified
        or (ranked.modified = etl_songs.modified and ranked.url > etl_songs.url)
        or (
            ranked.modified = etl_songs.modified
            and ranked.url = etl_songs.url
            and ranked.record >= etl_songs.record
        )
    )
