-- etl_files: the ledger; one row per source file and kind, its latest version that was loaded.
create table if not exists etl_files (
    url varchar(4096) not null, -- rule: full address; for a local file its absolute path
    etag varchar(256), -- rule: version as the store names it; NULL for a local file
    size bigint not null, -- unit: bytes as stored
    modified timestamp not null, -- unit: UTC; time of change
    kind varchar(256) not null, -- rule: song or log
    run_id varchar(256) not null, -- rule: etl_runs
    loaded_at timestamp not null, -- unit: UTC
    rows bigint not null, -- rule: records staged
    rejected bigint not null -- rule: records set aside
) diststyle even sortkey (url)
