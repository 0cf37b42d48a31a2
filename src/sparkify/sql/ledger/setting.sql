-- setting: one setting of the warehouse.
select etl_settings.value
from etl_settings
where etl_settings.name = ?
