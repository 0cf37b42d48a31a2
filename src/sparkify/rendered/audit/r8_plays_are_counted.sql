-- rendered by `make derived`, do not edit; 7b107195076a76f2
WITH counts AS (
  SELECT
    (
      SELECT
        COALESCE(SUM(etl_batches.plays_new), 0)
      FROM etl_batches
    ) AS added,
    (
      SELECT
        COUNT(*)
      FROM songplays
    ) AS plays,
    (
      SELECT
        COUNT(*)
      FROM etl_plays
    ) AS tracks
)
SELECT
  COUNT(*) AS violations,
  MIN(
    CAST(counts.added AS TEXT(64)) || ' plays added, ' || CAST(counts.plays AS TEXT(64)) || ' in songplays, ' || CAST(counts.tracks AS TEXT(64)) || ' in etl_plays'
  ) AS example
FROM counts
WHERE
  counts.added <> counts.plays OR counts.added <> counts.tracks
