-- load_origins: the files that a part of a compacted location holds; filled by the loader.
create temp table load_origins (
    url varchar(4096) not null,
    kind varchar(256) not null,
    etag varchar(256),
    size bigint not null,
    modified timestamp not null
)
