"""What a statement of Redshift becomes for PostgreSQL, and which statements Redshift refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tests.redshift import expressions, options, tables
from tests.redshift.tokens import Sql, syntax_error, unsupported
from tests.redshift.wire import SqlError

PLACEHOLDER = "set standin.placeholder to '1'"
"""What PostgreSQL prepares in the place of a statement it knows nothing of. It is never executed."""

ALL_ROWS = 1 << 62

ENDS = {"commit", "end", "rollback", "abort"}

KNOWN_ELSEWHERE = {
    "analyze_threshold_percent", "describe_field_name_in_uppercase", "enable_case_sensitive_identifier",
    "enable_numeric_rounding", "enable_result_cache_for_session", "json_serialization_enable", "query_group",
    "mv_enable_aqmv_for_session", "navigate_super_null_on_error", "use_fips_ssl", "wlm_query_slot_count",
}  # fmt: skip
"""Settings that Redshift has and PostgreSQL has not: taken, without effect."""

NOT_CREATED = {
    "index", "unique", "extension", "trigger", "domain", "type", "sequence", "rule", "aggregate", "operator",
    "publication", "subscription", "tablespace", "unlogged", "event", "collation", "cast", "policy", "statistics",
    "server", "foreign", "conversion", "transform", "access", "recursive",
}  # fmt: skip

FIRST_WORDS = {
    "alter", "analyze", "begin", "call", "cancel", "close", "comment", "copy", "create", "deallocate", "declare",
    "delete", "drop", "execute", "explain", "fetch", "grant", "insert", "lock", "merge", "prepare", "refresh", "reset",
    "revoke", "select", "set", "show", "start", "truncate", "unload", "update", "vacuum", "with", "(",
} | ENDS  # fmt: skip

QUERIES = {"select", "with", "insert", "update", "delete", "merge", "(", "explain", "declare", "prepare"}


@dataclass(frozen=True)
class Translation:
    """What to do with a statement."""

    kind: str
    """plain, copy, unload, truncate, or the tag of a command that needs nothing done."""
    sql: str
    """What PostgreSQL prepares."""
    source: str = ""
    """What is done instead of it."""
    unbindable: bool = False
    """Whether parameters are refused."""
    outside: str = ""
    """The name of a command that cannot run inside a block."""
    fetches: int = 0
    """Rows that a FETCH asks for."""


def ends_block(sql: str) -> bool:
    """Whether this is what still works in a failed transaction."""
    return Sql(sql)[0].low in ENDS


@lru_cache(maxsize=4096)  # the same statements come thousands of times
def translate(source: str) -> Translation:
    """A statement of Redshift for PostgreSQL; raises SqlError when Redshift refuses it."""
    sql = Sql(source)
    first = sql[0].low
    if not len(sql):
        return Translation("plain", source)
    if any(token.text == ";" for token in sql.tokens):
        raise SqlError("42601", "cannot insert multiple commands into a prepared statement")
    if first not in FIRST_WORDS:
        raise unsupported("SAVEPOINT") if first in ("savepoint", "release") else syntax_error(sql[0].text)
    handler = HANDLERS.get(first)
    if handler is not None:
        return handler(sql)
    if first in QUERIES:
        return _query(sql)
    return Translation("plain", sql.text, unbindable=True)


def _query(sql: Sql) -> Translation:
    if sql.matches(0, "with") and sql.find("merge") > 0:
        raise syntax_error("merge")
    return Translation("plain", expressions.rewritten(sql))


def _begin(sql: Sql) -> Translation:
    """Isolation may be named and has no effect: it belongs to the database."""
    words = sql.low
    if not re.fullmatch(
        r"(begin|start transaction)( work| transaction)?( isolation level (serializable|snapshot|read committed|"
        r"read uncommitted|repeatable read))?,?( read (write|only))?",
        words,
    ):
        raise syntax_error(sql[len(sql) - 1].text)
    return Translation("plain", "begin read only" if words.endswith("read only") else "begin")


def _end(sql: Sql) -> Translation:
    if not re.fullmatch(r"\w+( work| transaction)?", sql.low):
        raise unsupported("SAVEPOINT") if "to" in sql.low.split() else syntax_error(sql[1].text)
    return Translation("plain", sql[0].low)


def _copy(sql: Sql) -> Translation:
    options.parse_copy(sql)
    return Translation("copy", PLACEHOLDER, sql.text, unbindable=True)


def _unload(sql: Sql) -> Translation:
    order = options.parse_unload(sql)
    expressions.rewritten(Sql(order.query))
    return Translation("unload", PLACEHOLDER, sql.text, unbindable=True)


def _truncate(sql: Sql) -> Translation:
    at = 2 if sql.matches(1, "table") else 1
    if at >= len(sql) or any(token.text == "," or token.low in ("cascade", "restart") for token in sql.tokens):
        raise syntax_error(sql[len(sql) - 1].text)
    return Translation("truncate", PLACEHOLDER, "truncate table " + sql.between(at, len(sql) - 1), unbindable=True)


def _vacuum(sql: Sql) -> Translation:
    return Translation("vacuum", PLACEHOLDER, unbindable=True, outside="VACUUM")


def _analyze(sql: Sql) -> Translation:
    if sql.matches(1, "compression"):
        return Translation("analyze compression", PLACEHOLDER, unbindable=True, outside="ANALYZE COMPRESSION")
    for ending in (("predicate", "columns"), ("all", "columns")):
        at = len(sql) - 2
        if sql.matches(at, *ending):
            sql.delete(at, at + 1)
    return Translation("plain", sql.text, unbindable=True)


def _create(sql: Sql) -> Translation:
    at = 3 if sql.matches(1, "or", "replace") else 1
    kind = sql[at].low
    if kind == "local":
        at += 1
        kind = sql[at].low
    if kind in NOT_CREATED:
        raise unsupported(f"CREATE {kind.upper()}")
    if kind in ("temp", "temporary") or kind == "table":
        if not sql.matches(at + (kind != "table"), "table"):
            raise syntax_error(sql[at + 1].text)
        return Translation("plain", tables.create(sql, at + 1 + (kind != "table")), unbindable=True)
    if kind in ("external", "database", "library"):
        return Translation(f"create {kind}", PLACEHOLDER, unbindable=True, outside=f"CREATE {kind.upper()}")
    if kind in ("view", "materialized"):
        end = len(sql) - 4
        if sql.matches(end, "with", "no", "schema", "binding"):
            sql.delete(end, len(sql) - 1)
        return Translation("plain", expressions.rewritten(sql), unbindable=True)
    return Translation("plain", sql.text, unbindable=True)


def _drop(sql: Sql) -> Translation:
    kind = sql[1].low
    if kind in NOT_CREATED:
        raise unsupported(f"DROP {kind.upper()}")
    if kind in ("external", "database", "library"):
        return Translation(f"drop {kind}", PLACEHOLDER, unbindable=True, outside=f"DROP {kind.upper()}")
    return Translation("plain", sql.text, unbindable=True)


def _alter(sql: Sql) -> Translation:
    if sql.matches(1, "table"):
        changed, outside = tables.alter(sql)
        if changed is None:
            return Translation("alter table", PLACEHOLDER, unbindable=True, outside=outside)
        return Translation("plain", changed, unbindable=True, outside=outside)
    if sql.matches(1, "external") or sql.matches(1, "database"):
        name = f"ALTER {sql[1].text.upper()}"
        return Translation(name.lower(), PLACEHOLDER, unbindable=True, outside=name)
    return Translation("plain", sql.text, unbindable=True)


def _lock(sql: Sql) -> Translation:
    """ACCESS EXCLUSIVE always: Redshift has no other mode and no NOWAIT."""
    for token in sql.tokens:
        if token.low in ("in", "nowait", "only"):
            raise syntax_error(token.text)
    return Translation("plain", sql.text, unbindable=True)


def _set(sql: Sql) -> Translation:
    at = 2 if sql[1].low in ("session", "local") else 1
    name = sql[at].name
    if name in ("transaction", "characteristics", "constraints", "role") or name.startswith("standin"):
        raise unsupported(f"SET {name.upper()}")
    if name in KNOWN_ELSEWHERE:
        return Translation("set", PLACEHOLDER, unbindable=True)
    text = sql.text
    if name == "search_path" and sql[at + 2].low != "default":
        # Whatever the client wants, what stands in for Redshift's functions comes after it and before pg_catalog.
        parts = [part.text if part.kind != "string" else f'"{part.value}"' for part in sql.tokens[at + 2 :]]
        text = f"set {sql[1].low + ' ' if at == 2 else ''}search_path to {''.join(parts)}, standin, pg_catalog"
    return Translation("plain", text, unbindable=True)


def _fetch(sql: Sql) -> Translation:
    """FETCH NEXT, ALL, [FORWARD] count and FORWARD ALL; all rows count as more than any limit."""
    at = 2 if sql.matches(1, "forward") else 1
    count = sql[at].text
    fetches = int(count) if count.isdecimal() else ALL_ROWS if count.lower() == "all" else 1
    return Translation("plain", sql.text, unbindable=True, fetches=fetches)


def _show(sql: Sql) -> Translation:
    if sql.matches(1, "search_path"):
        return Translation(
            "plain",
            "select pg_catalog.regexp_replace(pg_catalog.current_setting('search_path'), ', standin, pg_catalog$', '') "
            "as search_path",
        )
    return Translation("plain", sql.text, unbindable=True)


def _merge(sql: Sql) -> Translation:
    tables.check_merge(sql)
    return Translation("plain", expressions.rewritten(sql))


HANDLERS = {
    "begin": _begin,
    "start": _begin,
    "commit": _end,
    "end": _end,
    "rollback": _end,
    "abort": _end,
    "copy": _copy,
    "unload": _unload,
    "truncate": _truncate,
    "vacuum": _vacuum,
    "analyze": _analyze,
    "create": _create,
    "drop": _drop,
    "alter": _alter,
    "lock": _lock,
    "set": _set,
    "show": _show,
    "fetch": _fetch,
    "merge": _merge,
}
