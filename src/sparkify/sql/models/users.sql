-- table: users
-- key: user_id
-- strategy: upsert
-- when: events
-- distkey: user_id
-- changes: run_users
-- rule: R3
-- Users that are new or differ from what is loaded.
select
    load_users.user_id,
    load_users.first_name,
    load_users.last_name,
    load_users.gender,
    load_users.level,
    octet_length(load_users.first_name) as first_name_bytes,
    octet_length(load_users.last_name) as last_name_bytes,
    octet_length(load_users.gender) as gender_bytes,
    octet_length(load_users.level) as level_bytes
from load_users
except
select
    users.user_id,
    users.first_name,
    users.last_name,
    users.gender,
    users.level,
    octet_length(users.first_name) as first_name_bytes,
    octet_length(users.last_name) as last_name_bytes,
    octet_length(users.gender) as gender_bytes,
    octet_length(users.level) as level_bytes
from users
where users.user_id in (select load_users.user_id from load_users)
