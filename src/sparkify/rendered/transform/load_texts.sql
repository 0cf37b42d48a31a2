-- rendered by `make derived`, do not edit; 740f1c1836281f12
CREATE TEMPORARY TABLE load_texts AS
SELECT
  load_new_texts.text,
  NULLIF(
    TRIM(
      REGEXP_REPLACE(
        TRANSLATE(
          LOWER(COALESCE(load_decoded.decoded, load_new_texts.text)),
          CHR(9) || CHR(10) || CHR(11) || CHR(12) || CHR(13),
          '     '
        ),
        ' +',
        ' ',
        'g'
      ),
      ' '
    ),
    ''
  ) AS normal
FROM load_new_texts
LEFT JOIN load_decoded
  ON load_new_texts.text = load_decoded.text
WHERE
  NOT load_new_texts.text IS NULL
