-- load_files: the files of the batch, in the version that was read; filled by the loader.
create temp table load_files (
    url varchar(4096) not null,
    etag varchar(256),
    size bigint not null,
    modified timestamp not null,
    kind varchar(256) not null,
    run_id varchar(256) not null,
    loaded_at timestamp not null,
    rows bigint not null,
    rejected bigint not null,
    from_part smallint not null -- rule: 1 for a file that came within a compacted part
)
