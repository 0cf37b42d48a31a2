-- etl_plays: version 2 keeps what tells events of one key apart; NULL for plays loaded before.
alter table etl_plays add column item_in_session int
