-- etl_users: the latest event seen of each user of the batch.
insert into etl_users (user_id, ts, session_id, item_in_session)
select
    load_users.user_id,
    load_users.ts,
    load_users.session_id,
    load_users.item_in_session
from load_users
