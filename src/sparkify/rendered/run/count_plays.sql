-- rendered by `make derived`, do not edit; 392b12db20819a0d
SELECT
  COUNT(*) AS plays
FROM load_plays
