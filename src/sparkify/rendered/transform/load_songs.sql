-- rendered by `make derived`, do not edit; 84f5ae9e6c86386b
CREATE TEMPORARY TABLE load_songs AS
WITH ranked AS (
  SELECT
    batch_songs.num_songs,
    batch_songs.artist_id,
    batch_songs.artist_latitude,
    batch_songs.artist_longitude,
    batch_songs.artist_location,
    batch_songs.artist_name,
    batch_songs.song_id,
    batch_songs.title,
    batch_songs.duration,
    batch_songs.year,
    batch_songs.modified,
    batch_songs.url,
    batch_songs.record,
    ROW_NUMBER() OVER (
      PARTITION BY batch_songs.song_id
      ORDER BY batch_songs.modified DESC NULLS FIRST, batch_songs.url DESC NULLS FIRST, batch_songs.record DESC NULLS FIRST
    ) AS pick
  FROM batch_songs
)
SELECT
  ranked.num_songs,
  ranked.artist_id,
  ranked.artist_latitude,
  ranked.artist_longitude,
  ranked.artist_location,
  ranked.artist_name,
  ranked.song_id,
  ranked.title,
  ranked.duration,
  ranked.year,
  ranked.modified,
  ranked.url,
  ranked.record
FROM ranked
LEFT JOIN etl_songs
  ON ranked.song_id = etl_songs.song_id
WHERE
  ranked.pick = 1
  AND (
    etl_songs.song_id IS NULL
    OR ranked.modified > etl_songs.modified
    OR (
      ranked.modified = etl_songs.modified AND ranked.url > etl_songs.url
    )
    OR (
      ranked.modified = etl_songs.modified
      AND ranked.url = etl_songs.url
      AND ranked.record >= etl_songs.record
    )
  )
