"""Expressions and clauses: the words that Redshift has otherwise, and those it has not."""

from __future__ import annotations

from tests.redshift import reserved
from tests.redshift.qualify import without_qualify
from tests.redshift.tokens import Sql, syntax_error, unsupported
from tests.redshift.wire import SqlError

UNITS_FIRST = {"dateadd", "date_add", "datediff", "date_diff"}
"""Functions whose first argument is a date part, with or without quotes."""

MISSING_FUNCTIONS = {
    "array_agg", "array_to_string", "string_agg", "every", "xmlagg", "corr", "covar_pop", "covar_samp", "mode",
    "clock_timestamp", "statement_timestamp", "transaction_timestamp", "justify_days", "justify_hours", "pg_sleep",
    "make_date", "make_interval", "make_timestamp", "make_timestamptz", "date_bin", "age", "format", "encode",
    "quote_nullable", "string_to_array", "string_to_table", "regexp_match", "regexp_matches", "regexp_split_to_array",
    "regexp_split_to_table", "regexp_like", "unnest", "generate_subscripts", "row_to_json", "to_json", "to_jsonb",
    "json_agg", "jsonb_agg", "json_build_object", "jsonb_build_object", "json_object_agg", "json_each", "jsonb_each",
    "json_to_record", "json_to_recordset", "json_array_elements", "jsonb_array_elements", "jsonb_extract_path_text",
    "gen_random_uuid", "uuidv7", "uuidv4", "num_nonnulls", "num_nulls", "scale", "starts_with", "unaccent", "setseed",
    "nextval", "currval", "lastval", "setval", "txid_current", "hashtext", "sha224", "sha384", "any_value_of",
}  # fmt: skip
"""Of PostgreSQL only: "Unsupported PostgreSQL functions" and what came after PostgreSQL 8."""

MISSING_TYPES = {
    "json", "jsonb", "uuid", "bytea", "inet", "cidr", "macaddr", "money", "xml", "tsvector", "tsquery", "bit", "serial",
    "bigserial", "smallserial", "point", "regclass", "int4range", "tstzrange",
}  # fmt: skip

EXTRACT_INT = "standin.extract_part"


def rewritten(sql: Sql) -> str:
    """The statement for PostgreSQL; raises SqlError when Redshift refuses it."""
    refuse(sql)
    sql = without_qualify(sql)
    for at, token in enumerate(sql.tokens):
        if token.kind == "string" and "\\" in token.text and token.text[0] == "'":
            # Backslashes in literals are escapes, as in PostgreSQL 8: hence '\\d' in the examples of the manual.
            sql.replace(token, "E" + token.text)
        if token.kind != "word" or sql[at - 1].text == ".":
            continue
        if sql[at + 1].text == "(":
            _call(sql, at)
        elif token.low == "sysdate" and sql[at - 1].low != "as":
            sql.replace(token, "standin.sysdate()")
    return sql.text


def _call(sql: Sql, at: int) -> None:
    """A call of a function that is another one in PostgreSQL."""
    name = sql[at].low
    if name == "nvl":
        sql.replace(sql[at], "coalesce")
    elif name in UNITS_FIRST or (name == "date_part" and sql[at + 3].text == ","):
        unit = sql[at + 2]
        if unit.kind == "word" and sql[at + 3].text == ",":
            sql.replace(unit, f"'{unit.low}'")
        if name != "date_part":
            sql.replace(sql[at], "standin." + name.replace("_", ""))
    elif name == "extract":
        _extract(sql, at)
    elif name == "concat":
        if len(sql.arguments(at + 1)) != 2:
            raise no_function("concat")
        sql.replace(sql[at], "standin.both_or_null")
    elif name == "nvl2":
        first, second, third = (sql.between(*argument) for argument in sql.arguments(at + 1))
        end = sql.closing(at + 1)
        sql.delete(at, end)
        sql.replace(sql[at], f"case when {first} is not null then {second} else {third} end")
    elif name == "listagg":
        _listagg(sql, at)


def _extract(sql: Sql, at: int) -> None:
    """EXTRACT gives integers on Redshift, and numeric since PostgreSQL 14."""
    unit = sql[at + 2]
    if not sql.matches(at + 3, "from"):
        raise syntax_error(sql[at + 3].text)
    part = unit.value if unit.kind == "string" else unit.name
    sql.replace(unit, f"'{part}'" if part != "epoch" else "")
    sql.replace(sql[at + 3], "," if part != "epoch" else "")
    sql.replace(sql[at], EXTRACT_INT if part != "epoch" else "standin.extract_epoch")


def _listagg(sql: Sql, at: int) -> None:
    """WITHIN GROUP goes into the parentheses."""
    end = sql.closing(at + 1)
    if sql.matches(end + 1, "within", "group", "("):
        closing = sql.closing(end + 3)
        order = sql.between(end + 4, closing - 1)
        sql.delete(end + 1, closing)
        sql.replace(sql[end], f" {order})")
    sql.replace(sql[at], "standin.listagg")


def no_function(name: str) -> SqlError:
    """As Redshift says it of a name that it does not know."""
    return SqlError("42883", f"function {name}(...) does not exist")


def refuse(sql: Sql) -> None:
    """Raise SqlError for what PostgreSQL would take and Redshift does not."""
    inserting = sql.find("insert") >= 0
    for at, token in enumerate(sql.tokens):
        before, after = sql[at - 1], sql[at + 1]
        if token.text == "[":
            raise unsupported("an array")
        if token.kind != "word" or before.text == ".":
            continue
        name = token.low
        _refuse_word(sql, at, name)
        if name in reserved.OWN and before.low != "as" and reserved.FOLLOWED.get(name) != after.low:
            raise syntax_error(token.text)
        if after.text == "(" and (name in MISSING_FUNCTIONS or name.startswith(("pg_advisory", "pg_try_advisory"))):
            raise no_function(name)
        if name in MISSING_TYPES and (before.text == "::" or (before.low == "as" and after.text == ")")):
            raise SqlError("42704", f'type "{name}" does not exist')
        if name == "values" and not (inserting and before.text not in ("(", "")):
            raise syntax_error(token.text)


def _refuse_word(sql: Sql, at: int, name: str) -> None:
    """Clauses."""
    pairs = {
        "distinct": ("on", "DISTINCT ON"),
        "on": ("conflict", "ON CONFLICT"),
        "filter": ("(", "FILTER"),
        "for": (("update", "share", "no", "key"), "SELECT FOR UPDATE"),
        "with": ("ordinality", "WITH ORDINALITY"),
    }
    if name in pairs:
        follower, what = pairs[name]
        if sql[at + 1].low in ((follower,) if isinstance(follower, str) else follower) and (
            name != "filter" or sql[at - 1].text == ")"
        ):
            raise syntax_error(what.split(maxsplit=1)[-1]) if name == "filter" else unsupported(what)
    if name == "distinct" and sql.matches(at + 1, "from") and sql[at - 1].low in ("is", "not"):
        raise syntax_error("distinct")
    if name == "lateral":
        raise unsupported("LATERAL")
    if name == "returning" and sql[0].low in ("insert", "update", "delete", "merge", "with"):
        raise syntax_error("returning")
    if name == "materialized" and sql[at + 1].text == "(":
        raise syntax_error("materialized")
    if name == "as" and sql[at + 1].text == "(" and sql[at + 2].low in ("insert", "update", "delete", "merge"):
        raise syntax_error(sql[at + 2].text)
    if name == "window" and sql.matches(at + 2, "as", "("):
        raise syntax_error("window")
