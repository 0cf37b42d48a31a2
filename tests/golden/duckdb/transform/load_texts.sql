CREATE TEMPORARY TABLE load_texts AS
WITH texts AS (
  SELECT
    load_songs.title AS text
  FROM load_songs
  UNION
  SELECT
    load_songs.artist_name AS text
  FROM load_songs
  UNION
  SELECT
    load_tracks.song AS text
  FROM load_tracks
  UNION
  SELECT
    load_tracks.artist AS text
  FROM load_tracks
)
SELECT
  texts.text,
  NULLIF(
    TRIM(
      REGEXP_REPLACE(
        TRANSLATE(
          LOWER(COALESCE(load_decoded.decoded, texts.text)),
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
FROM texts
LEFT JOIN load_decoded
  ON texts.text = load_decoded.text
WHERE
  NOT texts.text IS NULL
