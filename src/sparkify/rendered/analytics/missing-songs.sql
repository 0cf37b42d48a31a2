-- rendered by `make derived`, do not edit; 542ca0c6ae8aeb1e
SELECT
  MIN(TRIM(etl_tracks.song, ' ')) AS song,
  MIN(NULLIF(TRIM(etl_tracks.artist, ' '), '')) AS artist,
  COUNT(*) AS plays,
  COUNT(DISTINCT plays.user_id) AS listeners,
  CASE WHEN MAX(plays.artist_id) IS NULL THEN 'no' ELSE 'yes' END AS artist_known
FROM (
  $plays
) AS plays
INNER JOIN etl_plays
  ON plays.start_time = etl_plays.start_time
  AND plays.songplay_id = etl_plays.songplay_id
INNER JOIN etl_tracks
  ON etl_plays.track_id = etl_tracks.track_id
INNER JOIN etl_track_keys
  ON etl_tracks.track_id = etl_track_keys.track_id
WHERE
  plays.song_id IS NULL AND NOT etl_track_keys.title_key IS NULL
GROUP BY
  etl_track_keys.title_key,
  etl_track_keys.artist_key
ORDER BY
  plays DESC NULLS FIRST,
  song ASC,
  artist ASC
LIMIT $limit
