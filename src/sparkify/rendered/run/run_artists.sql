-- rendered by `make derived`, do not edit; 6d1ecbaa79f8ed23
CREATE TEMPORARY TABLE run_artists (
  artist_id TEXT(256) NOT NULL
)
