-- rendered by `make derived`, do not edit; 6b7dd69761666697
CREATE TEMPORARY TABLE run_plays (
  songplay_id BIGINT NOT NULL
)
