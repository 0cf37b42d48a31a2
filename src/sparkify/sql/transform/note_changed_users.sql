-- run_users: what this run added or changed.
insert into run_users (user_id)
select load_changed_users.user_id from load_changed_users
