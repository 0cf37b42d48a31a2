-- etl_users: the users of the batch.
delete from etl_users
using load_users
where etl_users.user_id = load_users.user_id
