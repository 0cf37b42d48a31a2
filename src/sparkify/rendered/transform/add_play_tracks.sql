-- rendered by `make derived`, do not edit; 56d3e8aa3c5c7336
INSERT INTO etl_plays (
  songplay_id,
  track_id,
  item_in_session,
  start_time
)
SELECT
  load_plays.songplay_id,
  load_plays.track_id,
  load_plays.item_in_session,
  load_plays.start_time
FROM load_plays
