-- users: the rows that change.
delete from users
using load_changed_users
where users.user_id = load_changed_users.user_id
