-- r3_one_row_per_user: user_id is unique in users.
with repeated as (
    select users.user_id
    from users
    group by users.user_id
    having count(*) > 1
)

select
    count(*) as violations,
    min('user_id ' || cast(repeated.user_id as varchar(256))) as example
from repeated
