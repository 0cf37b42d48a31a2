CREATE TEMPORARY TABLE run_artists (
  artist_id TEXT(256) NOT NULL
)
