-- rendered by `make derived`, do not edit; c27c585e4a3d9599
UPDATE etl_runs SET status = 'interrupted', message = 'the process was killed; the batches that it had committed stay'
WHERE
  etl_runs.status = 'running'
