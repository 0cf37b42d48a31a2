-- rendered by `make derived`, do not edit; d09c00c35295d499
SELECT
  etl_tracks.match,
  COUNT(*) AS plays,
  COUNT(DISTINCT etl_plays.track_id) AS tracks
FROM etl_plays
INNER JOIN etl_tracks
  ON etl_plays.track_id = etl_tracks.track_id
GROUP BY
  etl_tracks.match
