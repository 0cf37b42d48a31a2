-- rendered by `make derived`, do not edit; cfd85a0ffd0692cd
CREATE TEMPORARY TABLE load_resolved AS
WITH tracks AS (
  SELECT
    etl_tracks.track_id,
    etl_tracks.song,
    etl_tracks.artist,
    etl_tracks.length,
    etl_track_keys.title_key,
    etl_track_keys.artist_key
  FROM etl_tracks
  INNER JOIN load_unresolved
    ON etl_tracks.track_id = load_unresolved.track_id
  INNER JOIN etl_track_keys
    ON etl_tracks.track_id = etl_track_keys.track_id
  WHERE
    NOT etl_track_keys.artist_key IS NULL
), steps AS (
  SELECT
    etl_settings.value AS match
  FROM etl_settings
  WHERE
    etl_settings.name = 'match' AND etl_settings.value = 'resolve'
), by_equality AS (
  SELECT
    tracks.track_id,
    MIN(staging_songs.song_id) AS song_id
  FROM tracks
  INNER JOIN staging_songs
    ON tracks.song = staging_songs.title
    AND tracks.artist = staging_songs.artist_name
    AND STRLEN(tracks.song) = STRLEN(staging_songs.title)
    AND STRLEN(tracks.artist) = STRLEN(staging_songs.artist_name)
    AND tracks.length = staging_songs.duration
  WHERE
    NOT tracks.title_key IS NULL
  GROUP BY
    tracks.track_id
), by_title AS (
  SELECT
    tracks.track_id,
    etl_songs.song_id,
    ROW_NUMBER() OVER (
      PARTITION BY tracks.track_id
      ORDER BY CASE
        WHEN NOT tracks.length IS NULL AND staging_songs.duration IS NULL
        THEN 1
        ELSE 0
      END ASC, COALESCE(ABS(staging_songs.duration - tracks.length), 0) ASC, etl_songs.song_id ASC
    ) AS pick
  FROM tracks
  INNER JOIN etl_songs
    ON tracks.artist_key = etl_songs.artist_key
    AND tracks.title_key = etl_songs.title_key
  INNER JOIN staging_songs
    ON etl_songs.song_id = staging_songs.song_id
  CROSS JOIN steps
), by_artist AS (
  SELECT
    etl_songs.artist_key,
    staging_songs.artist_id,
    ROW_NUMBER() OVER (
      PARTITION BY etl_songs.artist_key
      ORDER BY COUNT(*) DESC NULLS FIRST, staging_songs.artist_id ASC
    ) AS pick
  FROM etl_songs
  INNER JOIN staging_songs
    ON etl_songs.song_id = staging_songs.song_id
  CROSS JOIN steps
  WHERE
    STRLEN(staging_songs.artist_id) > 0
    AND etl_songs.artist_key IN (
      SELECT
        tracks.artist_key
      FROM tracks
    )
  GROUP BY
    etl_songs.artist_key,
    staging_songs.artist_id
), found AS (
  SELECT
    tracks.track_id,
    tracks.artist_key,
    CASE
      WHEN NOT by_equality.song_id IS NULL
      THEN 'exact'
      WHEN NOT by_title.song_id IS NULL
      THEN 'title'
    END AS match,
    COALESCE(by_equality.song_id, by_title.song_id) AS song_id
  FROM tracks
  LEFT JOIN by_equality
    ON tracks.track_id = by_equality.track_id
  LEFT JOIN by_title
    ON tracks.track_id = by_title.track_id AND by_title.pick = 1
)
SELECT
  load_unresolved.track_id,
  COALESCE(
    found.match,
    CASE WHEN NOT by_artist.artist_id IS NULL THEN 'artist' ELSE 'none' END
  ) AS match,
  found.song_id,
  CASE
    WHEN found.song_id IS NULL
    THEN by_artist.artist_id
    WHEN STRLEN(staging_songs.artist_id) > 0
    THEN staging_songs.artist_id
  END AS artist_id
FROM load_unresolved
LEFT JOIN found
  ON load_unresolved.track_id = found.track_id
LEFT JOIN staging_songs
  ON found.song_id = staging_songs.song_id
LEFT JOIN by_artist
  ON found.artist_key = by_artist.artist_key AND by_artist.pick = 1
