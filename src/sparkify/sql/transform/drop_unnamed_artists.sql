-- artists: those of the batch whom no song names any more (R5).
delete from artists
using load_artist_ids
where
    artists.artist_id = load_artist_ids.artist_id
    and load_artist_ids.artist_id not in (
        select staging_songs.artist_id
        from staging_songs
        where staging_songs.artist_id is not null
    )
