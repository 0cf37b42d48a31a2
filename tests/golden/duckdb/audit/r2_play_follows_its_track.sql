SELECT
  COUNT(*) AS violations,
  MIN('songplay_id ' || CAST(songplays.songplay_id AS TEXT(64))) AS example
FROM songplays
LEFT JOIN etl_plays
  ON songplays.songplay_id = etl_plays.songplay_id
LEFT JOIN etl_tracks
  ON etl_plays.track_id = etl_tracks.track_id
WHERE
  songplays.start_time >= (
    SELECT
      load_range.since
    FROM load_range
  )
  AND songplays.start_time <= (
    SELECT
      load_range.until
    FROM load_range
  )
  AND (
    etl_tracks.track_id IS NULL
    OR COALESCE(songplays.song_id, '') <> COALESCE(etl_tracks.song_id, '')
    OR COALESCE(songplays.artist_id, '') <> COALESCE(etl_tracks.artist_id, '')
  )
