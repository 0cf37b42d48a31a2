"""What only reads: somebody's query, held to one SELECT, and UNLOAD."""

from __future__ import annotations

from sparkify.errors import UsageError, WarehouseError
from sparkify.warehouse import Answer
from sparkify.warehouse.redshift_session import RedshiftSession, StatementTimeout
from sparkify.warehouse.redshift_staging import literal

_ONLY_READS = "one SELECT at a time, and nothing else: this command only reads"
# A SELECT that calls one of these ends sessions or changes settings; READ ONLY does not forbid it.
_FORBIDDEN_PREFIXES = ("pg_", "lo_", "dblink")
_FORBIDDEN = ("set_config", "setval", "nextval", "query_to_xml", "explain_verbose")


def check_reads_only(sql: str) -> str:
    """The one SELECT in a text, or EXPLAIN of one, without a semicolon; raises UsageError for anything else."""
    words = sql.strip().split(maxsplit=1)
    explained = len(words) == 2 and words[0].lower() == "explain"
    return f"explain {_one_select(words[1])}" if explained else _one_select(sql)


def _one_select(sql: str) -> str:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        found = [statement for statement in sqlglot.parse(sql, dialect="redshift") if statement is not None]
    except SqlglotError as error:
        raise UsageError(f"not understood: {str(error).splitlines()[0]}") from error
    if len(found) != 1 or not isinstance(found[0], (exp.Select, exp.SetOperation, exp.Subquery)):
        raise UsageError(_ONLY_READS)
    statement = found[0]
    if any(
        statement.find_all(exp.Into, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Command, exp.Lock)
    ):
        raise UsageError(_ONLY_READS)
    for call in statement.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if name.startswith(_FORBIDDEN_PREFIXES) or name in _FORBIDDEN:
            raise UsageError(f"{name}() may change something, and this command only reads; leave it out")
    return sql.strip().rstrip(";").rstrip()


def asked(session: RedshiftSession, select: str, most: float, usual: float) -> Answer:
    """What a SELECT gives within `most` seconds, in a transaction that is rolled back, and the shorter time with it.

    `usual` is what every statement may take; 0: no limit. Raises UsageError when it fails, WarehouseError when that
    says nothing of it, such as when it takes too long.
    """
    shortened = not 0 < usual < most
    try:
        if shortened:
            session.execute(f"set statement_timeout to {round(most * 1000)}")
        return session.answer(select)
    except WarehouseError as error:
        if shortened and isinstance(error, StatementTimeout):
            raise WarehouseError(
                f"{session.address.url}: the question took longer than {most:g} s and was ended; ask for less, or set "
                "timeout (SPARKIFY_TIMEOUT) higher"
            ) from error
        if error.passing:
            raise
        raise UsageError(str(error)) from error


def unload_statement(select: str, url: str, role: str, region: str | None) -> str:
    """UNLOAD of a query as Parquet, to objects that begin with an address. What is there stays, and makes it fail."""
    lines = [
        f"unload ({literal(select)})",
        f"to {literal(url)}",
        f"iam_role {'default' if role == 'default' else literal(role)}",
        "format as parquet",
    ]
    if region:
        lines.append(f"region as {literal(region)}")
    return "\n".join(lines)
