-- load_listing: every data file that the locations hold, as listed; filled by the loader.
create temp table load_listing (
    url varchar(4096) not null,
    etag varchar(256),
    size bigint not null,
    modified timestamp not null,
    kind varchar(256) not null,
    raw_path varchar(8192), -- rule: a local path in hexadecimal where the address cannot tell it
    skipped smallint not null -- rule: 1 for what a --skip pattern names
)
