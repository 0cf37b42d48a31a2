-- etl_settings: one row per setting that belongs to the warehouse, not to a run.
create table if not exists etl_settings (
    name varchar(256) not null, -- rule: schema_version, match, songplay_floor or resolve_all
    value varchar(256) not null -- rule: as text
) diststyle all
