CREATE TABLE IF NOT EXISTS time (
  start_time TIMESTAMP NOT NULL,
  hour INT,
  day INT,
  week INT,
  month INT,
  year INT,
  weekday INT
)
