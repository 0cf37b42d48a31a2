-- doubtful_texts: the new titles and artist names that may be UTF-8 encoded twice. Such text is never plain
-- ASCII; the loader looks at these few and puts what it decodes into load_decoded.
with texts as (
    select load_songs.title as text from load_songs
    union
    select load_songs.artist_name as text from load_songs
    union
    select load_tracks.song as text from load_tracks
    union
    select load_tracks.artist as text from load_tracks
)

select texts.text
from texts
where octet_length(texts.text) > char_length(texts.text)
