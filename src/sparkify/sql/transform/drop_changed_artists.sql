-- artists: the rows that change.
delete from artists
using load_changed_artists
where artists.artist_id = load_changed_artists.artist_id
