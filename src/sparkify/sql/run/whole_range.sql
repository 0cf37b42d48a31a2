-- load_range: everything, for audits of the warehouse as it stands.
create temp table load_range as
select
    least(
        (select min(songplays.start_time) from songplays), (select min(time.start_time) from time)
    ) as since,
    greatest(
        (select max(songplays.start_time) from songplays), (select max(time.start_time) from time)
    ) as until
