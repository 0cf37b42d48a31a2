-- etl_batches: one row per committed batch; the sums that must balance (R8).
create table if not exists etl_batches (
    run_id varchar(256) not null, -- rule: etl_runs
    batch int not null, -- rule: counts the run's batches from 1
    files bigint not null, -- rule: read
    bytes bigint not null, -- unit: bytes as stored
    records_read bigint not null, -- rule: counted by the reader of the files
    events_staged bigint not null, -- rule: counted in staging
    songs_staged bigint not null, -- rule: counted in staging
    rejected bigint not null, -- rule: set aside
    plays_new bigint not null, -- rule: rows added to songplays
    plays_known bigint not null, -- rule: events that are a play already loaded, or repeat one
    other_pages bigint not null, -- rule: events of other pages than NextSong
    conflicts bigint -- rule: events that share a play's key but differ (R1); NULL before schema version 2
) diststyle all
