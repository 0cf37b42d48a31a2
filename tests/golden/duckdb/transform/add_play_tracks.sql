INSERT INTO etl_plays (
  songplay_id,
  track_id,
  item_in_session
)
SELECT
  load_plays.songplay_id,
  load_plays.track_id,
  load_plays.item_in_session
FROM load_plays
