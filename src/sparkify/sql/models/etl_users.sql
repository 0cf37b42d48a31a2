-- table: etl_users
-- key: user_id
-- strategy: upsert
-- when: events
-- rule: R3
-- The latest event seen of each user of the batch.
select
    load_users.user_id,
    load_users.ts,
    load_users.session_id,
    load_users.item_in_session
from load_users
