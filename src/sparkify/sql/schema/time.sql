-- time: one row per distinct songplays.start_time (R6), all parts in UTC.
create table if not exists time (
    start_time timestamp not null, -- source: ts; unit: UTC, to the millisecond
    hour int, -- unit: 0 to 23
    day int, -- unit: 1 to 31
    week int, -- unit: 1 to 53; rule: ISO 8601
    month int, -- unit: 1 to 12
    year int, -- unit: calendar year
    weekday int -- unit: Sunday = 0 to Saturday = 6
) diststyle key distkey (start_time) sortkey (start_time)
