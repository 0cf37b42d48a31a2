-- load_texts: every new title and artist name with its normal form (R2): decoded, lower case character by
-- character, white space trimmed and its runs made one space; NULL when nothing is left.
create temp table load_texts as
with texts as (
    select load_songs.title as text from load_songs
    union
    select load_songs.artist_name as text from load_songs
    union
    select load_tracks.song as text from load_tracks
    union
    select load_tracks.artist as text from load_tracks
)

select
    texts.text,
    nullif(
        btrim(
            regexp_replace(
                translate(
                    lower(coalesce(load_decoded.decoded, texts.text)),
                    chr(9) || chr(10) || chr(11) || chr(12) || chr(13),
                    '     '
                ),
                ' +',
                ' '
            ),
            ' '
        ),
        ''
    ) as normal
from texts
left join load_decoded on texts.text = load_decoded.text
where texts.text is not null
