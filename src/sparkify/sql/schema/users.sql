-- users: one row per user_id of any event, whatever its page; attributes as of the user's latest event (R3).
create table if not exists users (
    user_id int not null, -- source: userId
    first_name varchar(1024), -- source: firstName
    last_name varchar(1024), -- source: lastName
    gender varchar(256), -- source: gender
    level varchar(256) -- source: level; of the latest event, for the level at a play see songplays
) diststyle key distkey (user_id) sortkey (user_id)
