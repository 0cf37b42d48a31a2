-- etl_users: one row per user: the latest event seen, so that files may arrive in any order (R3).
create table if not exists etl_users (
    user_id int not null, -- rule: users
    ts timestamp not null, -- source: ts; unit: UTC
    session_id int, -- source: sessionId
    item_in_session int -- source: itemInSession
) diststyle key distkey (user_id) sortkey (user_id)
