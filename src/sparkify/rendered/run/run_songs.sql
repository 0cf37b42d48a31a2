-- rendered by `make derived`, do not edit; ec28a31291be3689
CREATE TEMPORARY TABLE run_songs (
  song_id TEXT(256) NOT NULL
)
