-- table: artists
-- key: artist_id
-- strategy: delete
-- when: songs
-- rule: R5
-- Artists of the batch whom no song names any more.
select load_artist_ids.artist_id
from load_artist_ids
where
    load_artist_ids.artist_id not in (
        select staging_songs.artist_id
        from staging_songs
        where staging_songs.artist_id is not null
    )
