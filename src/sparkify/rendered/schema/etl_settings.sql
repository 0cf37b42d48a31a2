-- rendered by `make derived`, do not edit; 2b35376826928142
CREATE TABLE IF NOT EXISTS etl_settings (
  name TEXT(256) NOT NULL,
  value TEXT(256) NOT NULL
)
