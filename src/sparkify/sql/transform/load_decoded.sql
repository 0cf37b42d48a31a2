-- load_decoded: new texts that were encoded twice, with the text that was meant; filled by the loader.
create temp table load_decoded (
    text varchar(1024) not null,
    decoded varchar(1024) not null
)
