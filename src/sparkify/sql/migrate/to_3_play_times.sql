-- etl_plays: version 3 knows the time of each play, so that its rows are found without reading all of them.
alter table etl_plays add column start_time timestamp
