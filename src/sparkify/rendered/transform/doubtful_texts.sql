-- rendered by `make derived`, do not edit; 570d5ffe379b09a8
SELECT
  load_new_texts.text
FROM load_new_texts
WHERE
  STRLEN(load_new_texts.text) > LENGTH(load_new_texts.text)
