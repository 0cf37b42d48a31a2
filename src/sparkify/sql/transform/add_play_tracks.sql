-- etl_plays: the track of each new play.
insert into etl_plays (songplay_id, track_id, item_in_session)
select
    load_plays.songplay_id,
    load_plays.track_id,
    load_plays.item_in_session
from load_plays
