-- count_staged: the records of the batch, counted in staging.
select
    (select count(*) from staging_events) as events,
    (select count(*) from batch_songs) as songs
