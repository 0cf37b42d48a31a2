-- table: load_decoded
-- strategy: replace
-- rule: R2
-- New texts that were encoded twice, with the text that was meant; the loader fills it, because no engine undoes
-- double encoding.
select
    cast(null as varchar(1024)) as text,
    cast(null as varchar(1024)) as decoded
where false
