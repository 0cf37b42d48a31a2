-- rendered by `make derived`, do not edit; e04c3f676433e344
CREATE TEMPORARY TABLE load_unresolved AS
SELECT
  load_tracks.track_id
FROM load_tracks
UNION
SELECT
  etl_track_keys.track_id
FROM etl_track_keys
INNER JOIN load_artist_keys
  ON etl_track_keys.artist_key = load_artist_keys.artist_key
UNION
SELECT
  etl_tracks.track_id
FROM etl_tracks
WHERE
  EXISTS(
    SELECT
      1
    FROM etl_settings
    WHERE
      etl_settings.name = 'resolve_all'
  )
