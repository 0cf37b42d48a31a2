-- rendered by `make derived`, do not edit; 71d893e8487f7de7
CREATE TEMPORARY TABLE load_changed_artists AS
WITH catalogue AS (
  SELECT
    staging_songs.artist_id,
    CASE WHEN STRLEN(staging_songs.artist_name) > 0 THEN staging_songs.artist_name END AS name,
    CASE
      WHEN STRLEN(staging_songs.artist_location) > 0
      THEN staging_songs.artist_location
    END AS location,
    staging_songs.artist_latitude AS latitude,
    staging_songs.artist_longitude AS longitude
  FROM staging_songs
  INNER JOIN load_artist_ids
    ON staging_songs.artist_id = load_artist_ids.artist_id
), names AS (
  SELECT
    catalogue.artist_id,
    catalogue.name,
    ROW_NUMBER() OVER (
      PARTITION BY catalogue.artist_id
      ORDER BY COUNT(*) DESC NULLS FIRST, LENGTH(catalogue.name) ASC, catalogue.name ASC
    ) AS pick
  FROM catalogue
  WHERE
    NOT catalogue.name IS NULL
  GROUP BY
    catalogue.artist_id,
    catalogue.name,
    STRLEN(catalogue.name)
), locations AS (
  SELECT
    catalogue.artist_id,
    catalogue.location,
    ROW_NUMBER() OVER (
      PARTITION BY catalogue.artist_id
      ORDER BY COUNT(*) DESC NULLS FIRST, LENGTH(catalogue.location) ASC, catalogue.location ASC
    ) AS pick
  FROM catalogue
  WHERE
    NOT catalogue.location IS NULL
  GROUP BY
    catalogue.artist_id,
    catalogue.location,
    STRLEN(catalogue.location)
), coordinates AS (
  SELECT
    catalogue.artist_id,
    catalogue.latitude,
    catalogue.longitude,
    ROW_NUMBER() OVER (
      PARTITION BY catalogue.artist_id
      ORDER BY COUNT(*) DESC NULLS FIRST, catalogue.latitude ASC, catalogue.longitude ASC
    ) AS pick
  FROM catalogue
  WHERE
    NOT catalogue.latitude IS NULL AND NOT catalogue.longitude IS NULL
  GROUP BY
    catalogue.artist_id,
    catalogue.latitude,
    catalogue.longitude
)
SELECT
  named_by_songs.artist_id,
  names.name,
  locations.location,
  coordinates.latitude,
  coordinates.longitude,
  STRLEN(names.name) AS name_bytes,
  STRLEN(locations.location) AS location_bytes
FROM (
  SELECT DISTINCT
    catalogue.artist_id
  FROM catalogue
) AS named_by_songs
LEFT JOIN names
  ON named_by_songs.artist_id = names.artist_id AND names.pick = 1
LEFT JOIN locations
  ON named_by_songs.artist_id = locations.artist_id AND locations.pick = 1
LEFT JOIN coordinates
  ON named_by_songs.artist_id = coordinates.artist_id AND coordinates.pick = 1
EXCEPT
SELECT
  artists.artist_id,
  artists.name,
  artists.location,
  artists.latitude,
  artists.longitude,
  STRLEN(artists.name) AS name_bytes,
  STRLEN(artists.location) AS location_bytes
FROM artists
WHERE
  artists.artist_id IN (
    SELECT
      load_artist_ids.artist_id
    FROM load_artist_ids
  )
