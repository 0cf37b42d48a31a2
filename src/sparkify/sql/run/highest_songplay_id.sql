-- highest_songplay_id: plays that a run adds are numbered above it. The batches tell it without a look at the
-- plays: they numbered theirs one by one from the floor, and r8_plays_are_counted holds that they still add up.
select
    cast(
        coalesce(max(cast(etl_settings.value as bigint)), 0)
        + (select coalesce(sum(etl_batches.plays_new), 0) from etl_batches) as bigint
    ) as songplay_id
from etl_settings
where etl_settings.name = 'songplay_floor'
