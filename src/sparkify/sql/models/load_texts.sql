-- table: load_texts
-- strategy: replace
-- rule: R2
-- Every new title and artist name with its normal form (R2): decoded, lower case character by
-- character, white space trimmed and its runs made one space; NULL when nothing is left.
with spaced as (
    select
        load_new_texts.text,
        translate(
            lower(coalesce(load_decoded.decoded, load_new_texts.text)),
            chr(9) || chr(10) || chr(11) || chr(12) || chr(13),
            '     '
        ) as lowered
    from load_new_texts
    left join load_decoded on load_new_texts.text = load_decoded.text
    where load_new_texts.text is not null
)

select
    spaced.text,
    nullif(trim(both ' ' from regexp_replace(spaced.lowered, ' +', ' ')), '') as normal
from spaced
