CREATE TEMPORARY TABLE run_plays (
  songplay_id BIGINT NOT NULL
)
