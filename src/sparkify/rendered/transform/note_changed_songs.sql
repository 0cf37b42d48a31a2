-- rendered by `make derived`, do not edit; d6762efc12b9486c
INSERT INTO run_songs (
  song_id
)
SELECT
  load_changed_songs.song_id
FROM load_changed_songs
