-- rendered by `make derived`, do not edit; b6c87c39efcbde61
INSERT INTO run_plays (
  songplay_id
)
SELECT
  load_moved_plays.songplay_id
FROM load_moved_plays
