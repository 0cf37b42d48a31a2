-- summary: what the run added or changed in the star schema, each row once; ? is the highest songplay_id before
-- the run. Plays added are not in run_plays, so those changed are counted below that number only.
select
    (
        select count(distinct run_plays.songplay_id) from run_plays where run_plays.songplay_id <= ?
    ) as plays_changed,
    (select count(distinct run_users.user_id) from run_users) as users,
    (select count(distinct run_songs.song_id) from run_songs) as songs,
    (
        select count(distinct run_artists.artist_id)
        from run_artists
        inner join artists on run_artists.artist_id = artists.artist_id
    ) as artists
