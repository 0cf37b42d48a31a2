-- rendered by `make derived`, do not edit; b758ea7ae62f8626
CREATE TEMPORARY TABLE load_moved_plays AS
SELECT
  etl_plays.songplay_id,
  etl_plays.start_time,
  load_changed_tracks.song_id,
  load_changed_tracks.artist_id
FROM etl_plays
INNER JOIN load_changed_tracks
  ON etl_plays.track_id = load_changed_tracks.track_id
INNER JOIN songplays
  ON etl_plays.songplay_id = songplays.songplay_id
  AND etl_plays.start_time = songplays.start_time
WHERE
  COALESCE(songplays.song_id, '') <> COALESCE(load_changed_tracks.song_id, '')
  OR COALESCE(songplays.artist_id, '') <> COALESCE(load_changed_tracks.artist_id, '')
