-- doubtful_texts: the new titles and artist names that may be UTF-8 encoded twice. Such text is never plain
-- ASCII; the loader looks at these few and puts what it decodes into load_decoded.
select load_new_texts.text
from load_new_texts
where octet_length(load_new_texts.text) > char_length(load_new_texts.text)
