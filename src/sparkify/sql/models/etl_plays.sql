-- table: etl_plays
-- strategy: append
-- when: events
-- rule: R2
-- The track of each new play.
select
    load_plays.songplay_id,
    load_plays.track_id,
    load_plays.item_in_session,
    load_plays.start_time
from load_plays
