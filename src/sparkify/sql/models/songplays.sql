-- table: songplays
-- strategy: append
-- when: events
-- rule: R1, R2
-- The new plays (R1) with the song and artist of their track (R2).
select
    load_plays.songplay_id,
    load_plays.start_time,
    load_plays.user_id,
    load_plays.level,
    load_plays.song_id,
    load_plays.artist_id,
    load_plays.session_id,
    load_plays.location,
    load_plays.user_agent
from load_plays
