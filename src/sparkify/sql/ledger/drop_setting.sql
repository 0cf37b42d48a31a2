-- etl_settings: one setting goes.
delete from etl_settings
where etl_settings.name = ?
