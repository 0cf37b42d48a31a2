-- rendered by `make derived`, do not edit; 18f256b2bc4ad2a4
SELECT
  (
    SELECT
      COUNT(DISTINCT run_plays.songplay_id)
    FROM run_plays
    WHERE
      run_plays.songplay_id <= ?
  ) AS plays_changed,
  (
    SELECT
      COUNT(DISTINCT run_users.user_id)
    FROM run_users
  ) AS users,
  (
    SELECT
      COUNT(DISTINCT run_songs.song_id)
    FROM run_songs
  ) AS songs,
  (
    SELECT
      COUNT(DISTINCT run_artists.artist_id)
    FROM run_artists
    INNER JOIN artists
      ON run_artists.artist_id = artists.artist_id
  ) AS artists
