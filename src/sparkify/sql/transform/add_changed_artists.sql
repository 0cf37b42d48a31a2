-- artists: one row per artist_id (R5).
insert into artists (artist_id, name, location, latitude, longitude)
select
    load_changed_artists.artist_id,
    load_changed_artists.name,
    load_changed_artists.location,
    load_changed_artists.latitude,
    load_changed_artists.longitude
from load_changed_artists
