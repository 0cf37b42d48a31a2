-- staging_events: one row per record of the log data, source units, typed. Holds the current batch only.
-- On DuckDB a temporary table of the same name takes its place during a load, so this one stays empty there.
create table if not exists staging_events (
    artist varchar(1024), -- source: artist; text as the source has it
    auth varchar(256), -- source: auth; Logged In, Logged Out, Cancelled
    first_name varchar(1024), -- source: firstName
    gender varchar(256), -- source: gender; F or M
    item_in_session int, -- source: itemInSession; counts the session's events from 0
    last_name varchar(1024), -- source: lastName
    length double precision, -- source: length; unit: seconds
    level varchar(256), -- source: level; free or paid, at the time of the event
    location varchar(1024), -- source: location; the user's place
    method varchar(256), -- source: method; GET or PUT
    page varchar(256), -- source: page; an event is a play when it is NextSong
    registration double precision, -- source: registration; unit: milliseconds since 1970-01-01 UTC
    session_id int, -- source: sessionId
    song varchar(1024), -- source: song; title as played
    status int, -- source: status; HTTP status
    ts timestamp, -- source: ts (milliseconds since 1970-01-01 UTC); unit: UTC, to the millisecond
    user_agent varchar(4096), -- source: userAgent; the browser, with the quotes the source has
    user_id int -- source: userId; NULL when logged out
) diststyle key distkey (ts)
