-- etl_rejects: one row per source record that could not be loaded and was set aside.
create table if not exists etl_rejects (
    run_id varchar(256) not null, -- rule: etl_runs
    url varchar(4096) not null, -- rule: etl_files
    line bigint not null, -- rule: of the record's first character in the decompressed file, from 1
    reason varchar(4096) not null, -- rule: why
    record varchar(8192) -- rule: source text, cut at 1,000 characters
) diststyle even
