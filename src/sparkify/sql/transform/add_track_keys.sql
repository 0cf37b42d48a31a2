-- etl_track_keys: the new tracks' normal forms.
insert into etl_track_keys (track_id, title_key, artist_key)
select
    load_tracks.track_id,
    titles.normal as title_key,
    names.normal as artist_key
from load_tracks
left join load_texts as titles on rtrim(load_tracks.song, ' ') = titles.text
left join load_texts as names on rtrim(load_tracks.artist, ' ') = names.text
