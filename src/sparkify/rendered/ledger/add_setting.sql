-- rendered by `make derived`, do not edit; 80ced3890e1b9323
INSERT INTO etl_settings (
  name,
  value
)
VALUES
  (?, ?)
