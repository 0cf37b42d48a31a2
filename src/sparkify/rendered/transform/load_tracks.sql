-- rendered by `make derived`, do not edit; 2841f8f22f935418
CREATE TEMPORARY TABLE load_tracks AS
WITH last AS (
  SELECT
    COALESCE(MAX(etl_tracks.track_id), 0) AS track_id
  FROM etl_tracks
), named AS (
  SELECT DISTINCT
    CASE WHEN STRLEN(staging_events.song) > 0 THEN staging_events.song END AS song,
    CASE WHEN STRLEN(staging_events.artist) > 0 THEN staging_events.artist END AS artist,
    staging_events.length,
    NULLIF(STRLEN(staging_events.song), 0) AS song_bytes,
    NULLIF(STRLEN(staging_events.artist), 0) AS artist_bytes
  FROM staging_events
  WHERE
    staging_events.page = 'NextSong' AND STRLEN(staging_events.page) = 8
)
SELECT
  last.track_id + ROW_NUMBER() OVER () AS track_id,
  named.song,
  named.artist,
  named.length
FROM named
CROSS JOIN last
LEFT JOIN etl_tracks
  ON COALESCE(named.song, '') = COALESCE(etl_tracks.song, '')
  AND COALESCE(named.artist, '') = COALESCE(etl_tracks.artist, '')
  AND COALESCE(named.song_bytes, 0) = COALESCE(STRLEN(etl_tracks.song), 0)
  AND COALESCE(named.artist_bytes, 0) = COALESCE(STRLEN(etl_tracks.artist), 0)
  AND COALESCE(named.length, 0) = COALESCE(etl_tracks.length, 0)
  AND (
    named.length IS NULL
  ) = (
    etl_tracks.length IS NULL
  )
WHERE
  etl_tracks.track_id IS NULL
