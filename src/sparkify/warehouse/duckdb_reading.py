"""What only reads: a question to DuckDB, held to one SELECT or the EXPLAIN of one, as DuckDB itself parses it.

The type of a statement is not enough. A SELECT may hold COPY or DELETE as a common table expression, an EXPLAIN may
run what it explains, and some table functions change the engine or take pointers. So the parsed statement is looked
through: its query nodes are those that read, its table functions those that are known to.
"""

from __future__ import annotations

import re

import duckdb

from sparkify.errors import UsageError
from sparkify.warehouse.local import first_line

_ONLY_READS = "one SELECT at a time, and nothing else: this command only reads"
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
"""The query nodes that read; COPY, DELETE, INSERT, MERGE and UPDATE are others."""
_FUNCTIONS = frozenset(
    {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "summary", "query_table",
     "test_all_types", "test_vector_types", "icu_calendar_names", "pg_timezone_names"}
)  # fmt: skip
_CATALOGUES = ("duckdb_", "pragma_")
"""How the functions begin that tell what the engine knows; PRAGMA itself is another statement."""
_EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b\s*(?P<form>\(\s*format\s+\w+\s*\))?(?P<rest>.*)", re.DOTALL | re.IGNORECASE
)
_PARSED = (
    "select json_extract_string(parsed, '$..type'), json_extract_string(parsed, '$..function.function_name'), "
    "json_array_length(parsed, '$.statements') from (select cast(json_serialize_sql(?) as json) as parsed)"
)
_BUILT_IN = (
    "select function_name from duckdb_functions() where internal and function_type in ('table', 'pragma') "
    "and function_name in (select unnest(?))"
)


def checked(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one statement of a text, if it only reads. Raises UsageError for anything else."""
    statement = _one(connection, sql)
    if _is(statement, duckdb.StatementType.EXPLAIN):
        found = _EXPLAIN.fullmatch(sql)
        try:
            # Whatever stands behind EXPLAIN and is a SELECT by itself has no ANALYZE before it.
            assert found is not None
            _prove(connection, _one(connection, found["rest"]), found["rest"])
        except (AssertionError, UsageError) as error:
            raise UsageError("EXPLAIN takes one SELECT here, and no ANALYZE: this command only reads") from error
        return _one(connection, f"explain {found['form'] or ''} {found['rest']}")
    _prove(connection, statement, sql)
    return statement


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"not understood: {first_line(error)}") from error
    if len(statements) != 1:
        raise UsageError(_ONLY_READS)
    return statements[0]


def _is(statement: duckdb.Statement, kind: duckdb.StatementType) -> bool:
    try:
        return bool(statement.type == kind)
    except ValueError:  # a kind of statement that the client has no name for
        return False


def _prove(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, sql: str) -> None:
    if _is(statement, duckdb.StatementType.MULTI):
        raise UsageError(
            "PIVOT takes its values by name here, such as ON level IN ('free', 'paid'): it cannot look first"
        )
    if not _is(statement, duckdb.StatementType.SELECT):
        raise UsageError(_ONLY_READS)
    [(types, functions, count)] = connection.execute(_PARSED, [sql]).fetchall()
    nodes = {name for name in types if name is not None and name.endswith("_NODE")}
    if count != 1 or not nodes or not nodes <= _NODES or types.count("TABLE_FUNCTION") != len(functions):
        raise UsageError(_ONLY_READS)
    unknown = {
        name for name in map(str.lower, functions) if name not in _FUNCTIONS and not name.startswith(_CATALOGUES)
    }
    if unknown:  # a macro of the warehouse, a name that nobody knows, or one that does more than read it
        built_in = connection.execute(_BUILT_IN, [sorted(unknown)]).fetchall()
        if built_in:
            raise UsageError(
                f"{built_in[0][0]}() is not for questions: this command reads the warehouse and nothing else"
            )
