-- rendered by `make derived`, do not edit; 7fdfe7cf8165556a
INSERT INTO time (
  start_time,
  hour,
  day,
  week,
  month,
  year,
  weekday
)
SELECT
  load_instants.start_time,
  EXTRACT(HOUR FROM load_instants.start_time) AS hour,
  EXTRACT(DAY FROM load_instants.start_time) AS day,
  EXTRACT(WEEK FROM load_instants.start_time) AS week,
  EXTRACT(MONTH FROM load_instants.start_time) AS month,
  EXTRACT(YEAR FROM load_instants.start_time) AS year,
  EXTRACT(DAYOFWEEK FROM load_instants.start_time) AS weekday
FROM load_instants
