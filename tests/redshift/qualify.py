"""QUALIFY for PostgreSQL, which has no such clause: a filter around the query it belongs to."""

from __future__ import annotations

from tests.redshift.tokens import Sql, unsupported

AFTER = {"order", "limit", "union", "except", "intersect", "offset"}
"""What ends the condition."""


def without_qualify(sql: Sql) -> Sql:
    """The same query with subqueries in the place of QUALIFY; raises SqlError for one that selects *."""
    at = _last(sql)
    while at >= 0:
        sql = Sql(_wrapped(sql, at))
        at = _last(sql)
    return sql


def _last(sql: Sql) -> int:
    return next((at for at in range(len(sql) - 1, -1, -1) if sql[at].low == "qualify" and sql[at - 1].text != "."), -1)


def _wrapped(sql: Sql, at: int) -> str:
    depth, start = 0, at
    while depth or sql[start].low != "select":
        start -= 1
        depth += {")": 1, "(": -1}.get(sql[start].text, 0)
    end, depth = at + 1, 0
    while end < len(sql) and not (depth == 0 and (sql[end].low in AFTER or sql[end].text == ")")):
        depth += {"(": 1, ")": -1}.get(sql[end].text, 0)
        end += 1
    distinct = sql.matches(start + 1, "distinct")
    first = start + 1 + distinct
    names: list[str] = []
    last = first
    depth = 0
    while depth or sql[last].low != "from":
        depth += {"(": 1, ")": -1}.get(sql[last].text, 0)
        ending = depth == 0 and (sql[last + 1].text == "," or sql[last + 1].low == "from")
        if ending:
            if sql[last].kind not in ("word", "quoted"):
                raise unsupported("QUALIFY (by the stand-in) for columns without names")
            names.append(sql[last].text)
        last += 1
    columns = sql.between(first, last - 1)
    source = sql.between(last, at - 1)
    condition = sql.between(at + 1, end - 1)
    outer = f"select {'distinct ' if distinct else ''}{', '.join(names)} from (select {columns}\n, ({condition}\n) as "
    outer += f"standin_kept {source}\n) standin_qualified where standin_kept "
    before = sql.between(0, start - 1)
    after = sql.between(end, len(sql) - 1)
    return f"{before}\n{outer}{after}"
