-- rendered by `make derived`, do not edit; b43ba22865423e6c
SELECT
  'songplays' AS name,
  COUNT(*) AS rows
FROM songplays
UNION ALL
SELECT
  'users' AS name,
  COUNT(*) AS rows
FROM users
UNION ALL
SELECT
  'songs' AS name,
  COUNT(*) AS rows
FROM songs
UNION ALL
SELECT
  'artists' AS name,
  COUNT(*) AS rows
FROM artists
UNION ALL
SELECT
  'time' AS name,
  COUNT(*) AS rows
FROM time
UNION ALL
SELECT
  'staging_songs' AS name,
  COUNT(*) AS rows
FROM staging_songs
UNION ALL
SELECT
  'etl_rejects' AS name,
  COUNT(*) AS rows
FROM etl_rejects
