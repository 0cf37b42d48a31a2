-- etl_runs: one row per execution of the load.
create table if not exists etl_runs (
    run_id varchar(256) not null, -- rule: sorts by order of writing, whatever the clock says
    started_at timestamp not null, -- unit: UTC
    finished_at timestamp, -- unit: UTC; NULL while running
    status varchar(256) not null, -- rule: running, loaded, nothing-new, failed or interrupted
    engine varchar(256) not null, -- rule: duckdb or redshift
    version varchar(256) not null, -- rule: of the program
    files bigint not null, -- rule: read and committed
    bytes bigint not null, -- unit: bytes as stored
    rows bigint not null, -- rule: source records staged and committed, songs and events
    rejected bigint not null, -- rule: source records set aside and committed
    plays_new bigint not null, -- rule: rows added to songplays
    plays_known bigint not null, -- rule: events that are a play already loaded, or repeat one
    other_pages bigint not null, -- rule: events of other pages than NextSong
    message varchar(4096) -- rule: why it failed, or what it warns of
) diststyle all
