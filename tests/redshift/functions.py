"""What every database begins with: functions of Redshift, and triggers that make tables behave as there.

The functions stand in a schema that comes before pg_catalog in the search path.
"""

from __future__ import annotations

ROLE = """
create role {user} login nosuperuser nocreatedb nocreaterole
"""

SCHEMA = """
create schema standin;
grant usage on schema standin to public;
grant all on schema public to public
"""

PLAIN = {
    "getdate() returns timestamp stable": "statement_timestamp() at time zone 'UTC'",
    "sysdate() returns timestamp stable": "transaction_timestamp() at time zone 'UTC'",
    "len(text) returns integer immutable": "char_length($1)",
    "both_or_null(text, text) returns text immutable": "$1 || $2",
    "sha2(text, integer) returns text immutable": (
        "case $2 when 224 then encode(sha224(convert_to($1, 'UTF8')), 'hex') "
        "when 0 then encode(sha256(convert_to($1, 'UTF8')), 'hex') "
        "when 256 then encode(sha256(convert_to($1, 'UTF8')), 'hex') "
        "when 384 then encode(sha384(convert_to($1, 'UTF8')), 'hex') "
        "when 512 then encode(sha512(convert_to($1, 'UTF8')), 'hex') end"
    ),
    # Any hash will do: what Redshift's own gives is not known here.
    "farmfingerprint64(text) returns bigint immutable": "('x' || substr(md5($1), 1, 16))::bit(64)::bigint",
    "charindex(text, text) returns integer immutable": "strpos($2, $1)",
    # All matches and not the first: that is where Redshift and PostgreSQL differ.
    "regexp_replace(text, text) returns text immutable": "pg_catalog.regexp_replace($1, $2, '', 'g')",
    "regexp_replace(text, text, text) returns text immutable": "pg_catalog.regexp_replace($1, $2, $3, 'g')",
    "regexp_replace(text, text, text, integer) returns text immutable": (
        "pg_catalog.left($1, $4 - 1) || pg_catalog.regexp_replace(pg_catalog.substr($1, $4), $2, $3, 'g')"
    ),
    "regexp_replace(text, text, text, integer, text) returns text immutable": (
        "pg_catalog.left($1, $4 - 1) || pg_catalog.regexp_replace(pg_catalog.substr($1, $4), $2, $3, "
        "'g' || pg_catalog.translate($5, 'pec', ''))"
    ),
    "convert_timezone(text, timestamp) returns timestamp immutable": "($2 at time zone 'UTC') at time zone $1",
    "convert_timezone(text, text, timestamp) returns timestamp immutable": "($3 at time zone $1) at time zone $2",
    "trunc(timestamp) returns date immutable": "$1::date",
    "pg_last_copy_id() returns integer stable": (
        "coalesce(nullif(current_setting('standin.copy_id', true), ''), '-1')::integer"
    ),
    "pg_last_copy_count() returns bigint stable": (
        "coalesce(nullif(current_setting('standin.copy_count', true), ''), '0')::bigint"
    ),
    "unit(text) returns text immutable": (
        "case lower($1) "
        + " ".join(
            f"when '{other}' then '{name}'"
            for name, others in {
                "year": "y yr yrs years",
                "quarter": "qtr qtrs quarters",
                "month": "mon mons months",
                "week": "w weeks",
                "day": "d days",
                "hour": "h hr hrs hours",
                "minute": "m mi min mins minutes",
                "second": "s sec secs seconds",
                "milliseconds": "ms msec msecs millisecond millisec millisecs msecond mseconds",
                "microseconds": "us usec usecs microsecond microsec microsecs usecond useconds",
                "dow": "dayofweek weekday dw",
                "doy": "dayofyear yearday dy",
            }.items()
            for other in others.split()
        )
        + " else lower($1) end"
    ),
    "date_part(text, timestamp) returns double precision immutable": "pg_catalog.date_part(standin.unit($1), $2)",
    "date_part(text, date) returns double precision immutable": "pg_catalog.date_part(standin.unit($1), $2)",
    # EXTRACT gives integers, and of seconds whole ones.
    "extract_part(text, timestamp) returns integer immutable": "floor(standin.date_part($1, $2))::integer",
    "extract_part(text, date) returns integer immutable": "floor(standin.date_part($1, $2))::integer",
    "extract_part(text, timestamptz) returns integer stable": (
        "floor(pg_catalog.date_part(standin.unit($1), $2))::integer"
    ),
    "extract_epoch(timestamp) returns bigint immutable": "floor(pg_catalog.date_part('epoch', $1))::bigint",
    "extract_epoch(date) returns bigint immutable": "floor(pg_catalog.date_part('epoch', $1))::bigint",
    "extract_epoch(timestamptz) returns bigint immutable": "floor(pg_catalog.date_part('epoch', $1))::bigint",
    "dateadd(text, integer, timestamp) returns timestamp immutable": (
        "case standin.unit($1) when 'quarter' then $3 + $2 * interval '3 months' "
        "else $3 + $2 * ('1 ' || standin.unit($1))::interval end"
    ),
    "datediff(text, timestamp, timestamp) returns bigint immutable": (
        "case standin.unit($1) "
        "when 'year' then date_part('year', $3) - date_part('year', $2) "
        "when 'quarter' then (date_part('year', $3) - date_part('year', $2)) * 4 "
        "+ date_part('quarter', $3) - date_part('quarter', $2) "
        "when 'month' then (date_part('year', $3) - date_part('year', $2)) * 12 "
        "+ date_part('month', $3) - date_part('month', $2) "
        "when 'week' then ((date_trunc('week', $3 + interval '1 day')::date "
        "- date_trunc('week', $2 + interval '1 day')::date) / 7)::double precision "
        "when 'microseconds' then pg_catalog.date_part('epoch', $3 - $2) * 1000000 "
        "when 'milliseconds' then floor(pg_catalog.date_part('epoch', date_trunc('milliseconds', $3) "
        "- date_trunc('milliseconds', $2)) * 1000 + 0.5) "
        "else (pg_catalog.date_part('epoch', date_trunc(standin.unit($1), $3)) "
        "- pg_catalog.date_part('epoch', date_trunc(standin.unit($1), $2))) "
        "/ pg_catalog.date_part('epoch', ('1 ' || standin.unit($1))::interval) end::bigint"
    ),
    "json_extract_path_text(text, variadic text[]) returns text immutable": (
        "coalesce(pg_catalog.json_extract_path_text($1::json, variadic $2), '')"
    ),
}
"""Signature to expression."""

LONGER = """
create function standin.current_schema() returns name stable language sql as
    $$ select (array_remove(pg_catalog.current_schemas(false), 'standin'))[1] $$;

create function standin.strtol(digits text, base integer) returns bigint immutable strict language plpgsql as $$
declare
    total bigint := 0;
    place integer;
begin
    for i in 1 .. char_length(digits) loop
        place := strpos('0123456789abcdefghijklmnopqrstuvwxyz', lower(substr(digits, i, 1))) - 1;
        if place < 0 or place >= base then
            raise exception 'The input % is not valid to be converted to base %', digits, base using errcode = '22023';
        end if;
        total := total * base + place;
    end loop;
    return total;
end $$;

create aggregate standin.listagg(text, text) (
    sfunc = string_agg_transfn, stype = internal, finalfunc = string_agg_finalfn
);
create function standin.join_nothing(state text, next text) returns text immutable language sql as
    $$ select case when $2 is null then $1 else coalesce($1, '') || $2 end $$;
create aggregate standin.listagg(text) (sfunc = standin.join_nothing, stype = text);
"""

TRIGGERS = """
-- Keys are informational on Redshift; and n of varchar(n) counts bytes.
create function standin.loosen() returns event_trigger language plpgsql as $$
declare
    made record;
    found record;
begin
    if current_setting('standin.loosening', true) = 'on' then
        return;  -- what this function alters fires it again
    end if;
    perform set_config('standin.loosening', 'on', true);
    for made in select objid from pg_event_trigger_ddl_commands() where object_type in ('table', 'table column') loop
        for found in
            select c.conrelid::regclass as owner, c.conname
            from pg_constraint c where c.conrelid = made.objid and c.contype in ('p', 'u', 'f')
        loop
            execute format('alter table %s drop constraint %I', found.owner, found.conname);
        end loop;
        for found in
            select a.attrelid::regclass as owner, a.attname, a.attnum, a.atttypmod - 4 as bytes
            from pg_attribute a join pg_class r on r.oid = a.attrelid
            where a.attrelid = made.objid and a.attnum > 0 and not a.attisdropped and a.atttypmod > 4
                and a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and r.relkind = 'r'
                and not exists (
                    select from pg_constraint c
                    where c.conrelid = a.attrelid and c.conname = 'standin_bytes_' || a.attnum
                        and pg_get_constraintdef(c.oid) like '%<= ' || (a.atttypmod - 4) || '))%'
                )
        loop
            execute format(
                'alter table %s drop constraint if exists standin_bytes_%s, add constraint standin_bytes_%s check (octet_length(%I) <= %s)',
                found.owner, found.attnum, found.attnum, found.attname, found.bytes
            );
        end loop;
    end loop;
    perform set_config('standin.loosening', 'off', true);
end $$;
create event trigger loosen on ddl_command_end
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
    execute function standin.loosen();
"""


BLANKS = """
create function standin.text_eq(text, text) returns boolean language internal immutable strict as 'bpchareq';
create function standin.text_ne(text, text) returns boolean language internal immutable strict as 'bpcharne';
create function standin.text_lt(text, text) returns boolean language internal immutable strict as 'bpcharlt';
create function standin.text_le(text, text) returns boolean language internal immutable strict as 'bpcharle';
create function standin.text_gt(text, text) returns boolean language internal immutable strict as 'bpchargt';
create function standin.text_ge(text, text) returns boolean language internal immutable strict as 'bpcharge';
create function standin.text_cmp(text, text) returns integer language internal immutable strict as 'bpcharcmp';
create function standin.text_hash(text) returns integer language internal immutable strict as 'hashbpchar';
create operator standin.= (
    leftarg = text, rightarg = text, function = standin.text_eq, commutator = operator(standin.=),
    negator = operator(standin.<>), restrict = eqsel, join = eqjoinsel, hashes, merges
);
create operator standin.<> (
    leftarg = text, rightarg = text, function = standin.text_ne, commutator = operator(standin.<>),
    negator = operator(standin.=), restrict = neqsel, join = neqjoinsel
);
create operator standin.< (leftarg = text, rightarg = text, function = standin.text_lt);
create operator standin.<= (leftarg = text, rightarg = text, function = standin.text_le);
create operator standin.> (leftarg = text, rightarg = text, function = standin.text_gt);
create operator standin.>= (leftarg = text, rightarg = text, function = standin.text_ge);
update pg_catalog.pg_opclass set opcdefault = false
where opcintype = 'text'::regtype and opcdefault
    and opcmethod in (select oid from pg_catalog.pg_am where amname in ('btree', 'hash'));
create operator class standin.text_blanks default for type text using btree as
    operator 1 standin.<, operator 2 standin.<=, operator 3 standin.=, operator 4 standin.>=, operator 5 standin.>,
    function 1 standin.text_cmp(text, text);
create operator class standin.text_blanks default for type text using hash as
    operator 1 standin.=, function 1 standin.text_hash(text)
"""
"""Text is compared without trailing blanks, by =, in joins, by DISTINCT and GROUP BY, as Redshift does with VARCHAR.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Examples_with_character_types.html
"""


def statements(user: str) -> list[str]:
    """What makes of an empty database one that looks like Redshift."""
    made = [ROLE.format(user=user), SCHEMA]
    made += [
        f"create function standin.{signature} language sql as $$ select {expression} $$"
        for signature, expression in PLAIN.items()
    ]
    # In one go each: a transaction is cheaper than thirty.
    return [";\n".join(made), LONGER, TRIGGERS, BLANKS]
