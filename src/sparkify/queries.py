"""The named queries as the command line offers them."""

from __future__ import annotations

from sparkify import sql_queries
from sparkify.errors import UsageError


def catalogue() -> list[str]:
    """A line for each query: its name and its question, then its parameters."""
    lines: list[str] = []
    found = sql_queries.queries()
    width = max(len(query.name) for query in found)
    for query in found:
        lines.append(f"{query.name:{width}}  {query.question}")
        lines += [f"{'':{width}}    -p {p.name}={p.default}  {p.about}, {p.low} to {p.high}" for p in query.parameters]
    return lines


def prepared(name: str, settings: list[str], engine: sql_queries.Engine = "duckdb") -> str:
    """The statement of a named query for an engine, with its parameters filled in.

    Raises UsageError naming the parameters there are, or the values one may have. Parameters are whole
    numbers, so what is filled in cannot be anything else.
    """
    query = sql_queries.named_query(name)
    values = {parameter.name: parameter.default for parameter in query.parameters}
    for text in settings:
        key, separator, value = text.partition("=")
        parameter = next((p for p in query.parameters if p.name == key), None)
        if parameter is None or not separator:
            known = ", ".join(f"{p.name}=…" for p in query.parameters) or "none"
            raise UsageError(f"-p {text}: {name} takes {known}")
        values[key] = parameter.parse(value)
    sql = sql_queries.statement(f"analytics/{name}", engine)
    for parameter in query.parameters:
        sql = sql.replace("?", str(values[parameter.name]), 1)
    return sql
