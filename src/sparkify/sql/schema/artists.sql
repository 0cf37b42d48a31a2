-- artists: one row per artist_id of the catalogue (R5).
create table if not exists artists (
    artist_id varchar(256) not null, -- source: artist_id
    name varchar(1024), -- source: artist_name; rule: most frequent, then shortest, then first in code-point order
    location varchar(1024), -- source: artist_location; rule: as name, among the non-empty
    latitude double precision, -- source: artist_latitude; unit: degrees; rule: most frequent pair, then smallest
    longitude double precision -- source: artist_longitude; unit: degrees; rule: with latitude
) diststyle all sortkey (artist_id)
