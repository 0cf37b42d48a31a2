-- kept: of a listening that was counted for wider filters and is kept, what is within those of a question. Its days are
-- whole, as those of all filters are, and of one place or of all, as it is.
select
    kept.day,
    kept.user_id,
    kept.session_id,
    kept.level,
    kept.level_length,
    kept.plays
from (:kept) as kept
where
    kept.day >= :start
    and kept.day < :end
    and (:level = 'all' or (kept.level = :level and kept.level_length = octet_length(:level)))
