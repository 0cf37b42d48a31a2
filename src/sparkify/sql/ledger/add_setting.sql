-- etl_settings: one setting comes: its name and value.
insert into etl_settings (name, value)
values (?, ?)
