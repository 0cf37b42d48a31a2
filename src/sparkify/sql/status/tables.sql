-- tables: rows of each table that people ask for.
select
    'songplays' as name,
    count(*) as rows
from songplays
union all
select
    'users' as name,
    count(*) as rows
from users
union all
select
    'songs' as name,
    count(*) as rows
from songs
union all
select
    'artists' as name,
    count(*) as rows
from artists
union all
select
    'time' as name,
    count(*) as rows
from time
union all
select
    'staging_songs' as name,
    count(*) as rows
from staging_songs
union all
select
    'etl_rejects' as name,
    count(*) as rows
from etl_rejects
