"""An answer as a Parquet file that keeps the types of its columns, where Parquet has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from sparkify.errors import SparkifyError
from sparkify.source.writing import put
from sparkify.spelling import as_json, as_text, unique
from sparkify.sql_queries import literal
from sparkify.warehouse import Answer

_CHUNK = 10_000
"""Values that are handed over at once."""
_NESTED = re.compile(r"STRUCT|MAP\(|.*\]$")
_AS_TEXT = re.compile(
    r'\b(INTERVAL|TIME WITH TIME ZONE|UNION|BIT|BIGNUM|VARIANT|TUPLE|GEOMETRY|U?HUGEINT|STRUCT(?!\())\b|^"NULL"$'
)
"""What Parquet has no form for, or one that holds less."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as it is handed to the engine."""

    kind: str
    values: list[object]
    select: str
    """What makes values of that kind of a list that is bound."""


def write_parquet(answer: Answer, path: Path) -> None:
    """Write an answer to a file. What Parquet has no type for is text, spelled as in CSV.

    Raises SparkifyError when it cannot be written.
    """
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("set TimeZone = 'UTC'")
        columns = [
            _column(connection, kind, [row[index] for row in answer.rows]) for index, kind in enumerate(answer.types)
        ]
        names = unique(answer.columns)
        schema = ", ".join(f"{_quoted(name)} {column.kind}" for name, column in zip(names, columns, strict=True))
        connection.execute(f"create table answer ({schema})")
        # A column at a time: a statement a row takes a thousand times longer.
        select = ", ".join(column.select for column in columns)
        for start in range(0, len(answer.rows), _CHUNK):
            values = [column.values[start : start + _CHUNK] for column in columns]
            connection.execute(f"insert into answer select {select}", values)
        put(path, lambda made: connection.execute(f"copy answer to {literal(str(made))} (format parquet)"))
    except duckdb.IOException as error:
        raise SparkifyError(f"{path}: cannot be written ({_first_line(error)}); check the folder") from error
    except duckdb.Error as error:
        raise SparkifyError(
            f"{path}: the answer does not fit into Parquet ({_first_line(error)}); choose --format csv or json"
        ) from error
    finally:
        connection.close()


def _column(connection: duckdb.DuckDBPyConnection, kind: str, values: Sequence[object]) -> _Column:
    if kind in ("HUGEINT", "UHUGEINT"):  # what a sum of whole numbers is; Parquet would make it a float
        largest = max((abs(int(str(value))) for value in values if value is not None), default=0)
        if largest < 10**38:
            kind = "BIGINT" if largest < 1 << 63 else "DECIMAL(38,0)"
            return _Column(kind, [None if value is None else str(value) for value in values], _unnested(kind))
    if kind == "DECIMAL":  # Redshift's driver tells no more of a number
        kind = _decimal(values)
    if kind == "VARCHAR" or _AS_TEXT.search(kind):
        return _spelled(values)
    if not _NESTED.match(kind):
        return _Column(kind, list(values), _unnested(kind))
    # The engine takes a list of dictionaries for structs, never for maps; JSON it takes for whatever is asked for.
    select = f"cast(cast(unnest(?::varchar[]) as json) as {kind})"
    texts: list[object] = [None if value is None else as_json(value) for value in values]
    try:
        connection.execute(f"select count(nested) from (select {select} as nested)", [texts])
    except duckdb.Error:  # such as a map whose keys are lists
        return _spelled(values)
    return _Column(kind, texts, select)


def _decimal(values: Sequence[object]) -> str:
    """The smallest DECIMAL that holds all values, else VARCHAR."""
    numbers = [value.as_tuple() for value in values if isinstance(value, Decimal) and value.is_finite()]
    scale = max((-int(number.exponent) for number in numbers), default=0)
    whole = max((len(number.digits) + int(number.exponent) for number in numbers), default=1)
    digits = max(whole, 1) + max(scale, 0)
    return f"DECIMAL({digits},{max(scale, 0)})" if digits <= 38 else "VARCHAR"


def _spelled(values: Sequence[object]) -> _Column:
    return _Column("VARCHAR", [None if value is None else as_text(value) for value in values], _unnested("VARCHAR"))


def _unnested(kind: str) -> str:
    return f"unnest(?::{kind}[])"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
