INSERT INTO etl_settings (
  name,
  value
)
VALUES
  (?, ?)
