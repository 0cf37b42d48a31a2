-- rendered by `make derived`, do not edit; 3fbe208a96672c31
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
  WHERE
    plays.song_id IS NULL
  GROUP BY
    etl_plays.track_id
), tracks AS (
  SELECT
    played.track_id,
    played.plays,
    etl_tracks.artist_id,
    TRIM(etl_tracks.song, ' ') AS song,
    NULLIF(TRIM(etl_tracks.artist, ' '), '') AS artist,
    MIN(played.track_id) OVER (PARTITION BY etl_track_keys.title_key, etl_track_keys.artist_key) AS first_track
  FROM played
  INNER JOIN etl_tracks
    ON played.track_id = etl_tracks.track_id
  INNER JOIN etl_track_keys
    ON played.track_id = etl_track_keys.track_id
  WHERE
    NOT etl_track_keys.title_key IS NULL
), most AS (
  SELECT
    tracks.first_track,
    MIN(tracks.song) AS song,
    MIN(tracks.artist) AS artist,
    CAST(SUM(tracks.plays) AS BIGINT) AS plays,
    CASE WHEN MAX(tracks.artist_id) IS NULL THEN 'no' ELSE 'yes' END AS artist_known
  FROM tracks
  GROUP BY
    tracks.first_track
  ORDER BY
    plays DESC NULLS FIRST,
    song ASC,
    artist ASC
  LIMIT $limit
), heard AS (
  SELECT
    most.first_track,
    COUNT(DISTINCT plays.user_id) AS listeners
  FROM (
    $plays
  ) AS plays
  INNER JOIN etl_plays
    ON plays.start_time = etl_plays.start_time
    AND plays.songplay_id = etl_plays.songplay_id
  INNER JOIN tracks
    ON etl_plays.track_id = tracks.track_id
  INNER JOIN most
    ON tracks.first_track = most.first_track
  WHERE
    plays.song_id IS NULL
  GROUP BY
    most.first_track
)
SELECT
  most.song,
  most.artist,
  most.plays,
  heard.listeners,
  most.artist_known
FROM most
INNER JOIN heard
  ON most.first_track = heard.first_track
ORDER BY
  most.plays DESC NULLS FIRST,
  most.song ASC,
  most.artist ASC
