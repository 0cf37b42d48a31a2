-- load_known: the listed files that the ledger knows, and whether they changed since.
create temp table load_known (
    url varchar(4096) not null,
    kind varchar(256) not null,
    changed smallint not null
)
