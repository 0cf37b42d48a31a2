-- table: etl_track_keys
-- strategy: append
-- rule: R2
-- The new tracks' normal forms.
select
    load_tracks.track_id,
    titles.normal as title_key,
    names.normal as artist_key
from load_tracks
left join load_texts as titles on rtrim(load_tracks.song, ' ') = titles.text
left join load_texts as names on rtrim(load_tracks.artist, ' ') = names.text
