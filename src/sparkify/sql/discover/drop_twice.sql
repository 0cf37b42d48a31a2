-- load_listing: without the files that came more than once.
delete from load_listing
where
    raw_path is null
    and url in (select load_twice.url from load_twice)
