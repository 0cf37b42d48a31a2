-- rendered by `make derived`, do not edit; 0d746c8fb953cf41
SELECT
  COUNT(*) AS violations,
  MIN('track_id ' || CAST(etl_tracks.track_id AS TEXT(64))) AS example
FROM etl_tracks
LEFT JOIN songs
  ON etl_tracks.song_id = songs.song_id
LEFT JOIN artists
  ON etl_tracks.artist_id = artists.artist_id
WHERE
  (
    NOT etl_tracks.song_id IS NULL AND songs.song_id IS NULL
  )
  OR (
    NOT etl_tracks.artist_id IS NULL AND artists.artist_id IS NULL
  )
  OR (
    etl_tracks.match IN ('exact', 'title')
  ) <> (
    NOT etl_tracks.song_id IS NULL
  )
  OR (
    etl_tracks.match = 'artist' AND etl_tracks.artist_id IS NULL
  )
  OR (
    etl_tracks.match = 'none' AND NOT etl_tracks.artist_id IS NULL
  )
