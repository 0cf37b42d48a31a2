-- plays: what every named query counts: the plays of a range of days (UTC), of one tier at the time of the play
-- or of both, from one place or from all. Lengths are compared because Redshift compares without trailing blanks.
select
    songplays.songplay_id,
    songplays.start_time,
    songplays.user_id,
    songplays.level,
    songplays.song_id,
    songplays.artist_id,
    songplays.session_id,
    songplays.location,
    songplays.user_agent
from songplays
where
    songplays.start_time >= :start
    and songplays.start_time < :end
    and (
        :level = 'all'
        or (songplays.level = :level and octet_length(songplays.level) = octet_length(:level))
    )
    and (
        octet_length(:place) = 0
        or (songplays.location = :place and octet_length(songplays.location) = octet_length(:place))
    )
