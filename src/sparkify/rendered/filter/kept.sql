-- rendered by `make derived`, do not edit; e4cc9da0d4d4e931
SELECT
  kept.day,
  kept.user_id,
  kept.session_id,
  kept.level,
  kept.level_length,
  kept.plays
FROM (
  $kept
) AS kept
WHERE
  kept.day >= $start
  AND kept.day < $end
  AND (
    $level = 'all'
    OR (
      kept.level = $level AND kept.level_length = STRLEN($level)
    )
  )
