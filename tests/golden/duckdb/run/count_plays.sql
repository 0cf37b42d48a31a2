SELECT
  COUNT(*) AS plays
FROM load_plays
