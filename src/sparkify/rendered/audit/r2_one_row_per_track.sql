-- rendered by `make derived`, do not edit; 383beeffe58ccb59
WITH repeated AS (
  SELECT
    MIN(etl_tracks.track_id) AS track_id
  FROM etl_tracks
  GROUP BY
    etl_tracks.song,
    etl_tracks.artist,
    etl_tracks.length,
    STRLEN(etl_tracks.song),
    STRLEN(etl_tracks.artist)
  HAVING
    COUNT(*) > 1
  UNION ALL
  SELECT
    etl_tracks.track_id
  FROM etl_tracks
  GROUP BY
    etl_tracks.track_id
  HAVING
    COUNT(*) > 1
)
SELECT
  COUNT(*) AS violations,
  MIN('track_id ' || CAST(repeated.track_id AS TEXT(64))) AS example
FROM repeated
