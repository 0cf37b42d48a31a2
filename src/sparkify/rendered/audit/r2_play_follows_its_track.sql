-- rendered by `make derived`, do not edit; 8d9bebb08869398a
WITH tracks AS (
  SELECT
    etl_plays.songplay_id,
    etl_plays.start_time,
    etl_tracks.song_id,
    etl_tracks.artist_id
  FROM etl_plays
  INNER JOIN etl_tracks
    ON etl_plays.track_id = etl_tracks.track_id
  WHERE
    etl_plays.start_time >= (
      SELECT
        load_range.since
      FROM load_range
    )
    AND etl_plays.start_time <= (
      SELECT
        load_range.until
      FROM load_range
    )
)
SELECT
  COUNT(*) AS violations,
  MIN('songplay_id ' || CAST(songplays.songplay_id AS TEXT(64))) AS example
FROM songplays
LEFT JOIN tracks
  ON songplays.songplay_id = tracks.songplay_id
  AND songplays.start_time = tracks.start_time
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
    tracks.songplay_id IS NULL
    OR COALESCE(songplays.song_id, '') <> COALESCE(tracks.song_id, '')
    OR COALESCE(songplays.artist_id, '') <> COALESCE(tracks.artist_id, '')
  )
