CREATE TEMPORARY TABLE load_tracks AS
WITH last AS (
  SELECT
    COALESCE(MAX(etl_tracks.track_id), 0) AS track_id
  FROM etl_tracks
), named AS (
  SELECT DISTINCT
    NULLIF(staging_events.song, '') AS song,
    NULLIF(staging_events.artist, '') AS artist,
    staging_events.length
  FROM staging_events
  WHERE
    staging_events.page = 'NextSong'
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
  AND COALESCE(named.length, 0) = COALESCE(etl_tracks.length, 0)
  AND (
    named.length IS NULL
  ) = (
    etl_tracks.length IS NULL
  )
WHERE
  etl_tracks.track_id IS NULL
