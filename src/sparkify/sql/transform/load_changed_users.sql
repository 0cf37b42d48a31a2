-- load_changed_users: users that are new or differ from what is loaded.
create temp table load_changed_users as
select
    load_users.user_id,
    load_users.first_name,
    load_users.last_name,
    load_users.gender,
    load_users.level
from load_users
except
select
    users.user_id,
    users.first_name,
    users.last_name,
    users.gender,
    users.level
from users
where users.user_id in (select load_users.user_id from load_users)
