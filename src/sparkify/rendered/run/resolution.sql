-- rendered by `make derived`, do not edit; 3d20553820ff4f93
SELECT
  etl_tracks.match,
  COUNT(*) AS plays
FROM etl_plays
INNER JOIN etl_tracks
  ON etl_plays.track_id = etl_tracks.track_id
WHERE
  etl_plays.songplay_id > ?
GROUP BY
  etl_tracks.match
