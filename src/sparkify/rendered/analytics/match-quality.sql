-- rendered by `make derived`, do not edit; 880a495bc2653769
SELECT
  etl_tracks.match,
  COUNT(*) AS plays,
  COUNT(DISTINCT etl_plays.track_id) AS tracks
FROM (
  $plays
) AS plays
INNER JOIN etl_plays
  ON plays.start_time = etl_plays.start_time
  AND plays.songplay_id = etl_plays.songplay_id
INNER JOIN etl_tracks
  ON etl_plays.track_id = etl_tracks.track_id
GROUP BY
  etl_tracks.match
ORDER BY
  plays DESC NULLS FIRST,
  etl_tracks.match ASC
