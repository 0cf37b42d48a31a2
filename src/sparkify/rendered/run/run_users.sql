-- rendered by `make derived`, do not edit; 1cd48369db31c493
CREATE TEMPORARY TABLE run_users (
  user_id INT NOT NULL
)
