-- rendered by `make derived`, do not edit; e33c5a6273050fc8
WITH played AS (
  SELECT
    etl_plays.track_id,
    COUNT(*) AS plays
  FROM (
    $plays
  ) AS plays
  INNER JOIN etl_plays
    ON plays.start_time = etl_plays.start_time
    AND plays.songplay_id = etl_plays.songplay_id
  GROUP BY
    etl_plays.track_id
)
SELECT
  etl_tracks.match,
  CAST(SUM(played.plays) AS BIGINT) AS plays,
  COUNT(*) AS tracks
FROM played
INNER JOIN etl_tracks
  ON played.track_id = etl_tracks.track_id
GROUP BY
  etl_tracks.match
ORDER BY
  plays DESC NULLS FIRST,
  etl_tracks.match ASC
