-- rendered by `make derived`, do not edit; 674987ce93430fb1
CREATE TABLE IF NOT EXISTS time (
  start_time TIMESTAMP NOT NULL,
  hour INT,
  day INT,
  week INT,
  month INT,
  year INT,
  weekday INT
)
