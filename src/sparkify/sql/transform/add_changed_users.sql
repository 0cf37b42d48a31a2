-- users: one row per user_id (R3).
insert into users (user_id, first_name, last_name, gender, level)
select
    load_changed_users.user_id,
    load_changed_users.first_name,
    load_changed_users.last_name,
    load_changed_users.gender,
    load_changed_users.level
from load_changed_users
