"""The answer to a question as values of Python, none of which says less than the engine does."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime

import duckdb

from sparkify.errors import UsageError, WarehouseError
from sparkify.warehouse import Answer, Row
from sparkify.warehouse.duckdb_reading import checked

ROWS = 2048
"""Rows that are fetched at once: what the engine has ready."""
_SAMPLE = 64
"""Rows of these whose size is taken."""

_NAMES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|TIMESTAMP WITH TIME ZONE|\w+""")
"""The words of a type; names of fields and members may stand in quotes."""
_INEXACT = frozenset({"INTERVAL", "TIMESTAMP_NS", "TIMESTAMPTZ_NS", "TIME_NS", "GEOMETRY"})
"""Of these Python gets less than there is: no months, no nanoseconds, bytes that nobody reads."""
_CALENDAR = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"})
_ENDS = frozenset(
    {date.min, date.max, datetime.min, datetime.max, *(end.replace(tzinfo=UTC) for end in (datetime.min, datetime.max))}
)
"""What Python gets for infinity, and for the first and the last day of its calendar too."""


def answer(connection: duckdb.DuckDBPyConnection, sql: str, stop: threading.Event, limit: int) -> Answer:
    """What a SELECT gives, in at most so many bytes. Raises UsageError or WarehouseError, and what the engine raises.

    A column with values that Python would cut comes as text, in the engine's spelling.
    """
    result = connection.execute(checked(connection, sql))
    described = result.description or []
    columns, types = (tuple(str(column[index]) for column in described) for index in (0, 1))
    spelled = {index for index, kind in enumerate(types) if _words(kind) & _INEXACT}
    dated = {index for index, kind in enumerate(types) if _words(kind) & _CALENDAR}
    while True:
        if spelled:
            result = connection.execute(_spelled(connection, sql, types, spelled))
        try:
            rows = _fetched(result, stop, limit)
            more = {index for index in dated - spelled if any(_is_end(row[index]) for row in rows)}
        except duckdb.InvalidInputException as error:
            if "zoneinfo" not in str(error):  # a machine without a time zone database
                raise
            more = dated - spelled
        if not more:
            return Answer(columns, types, rows)
        spelled |= more


def _fetched(result: duckdb.DuckDBPyConnection, stop: threading.Event, limit: int) -> list[Row]:
    rows: list[Row] = []
    size = 0
    while some := result.fetchmany(ROWS):
        sample = some[:: max(1, len(some) // _SAMPLE)]
        size += sum(map(_size, sample)) * len(some) // len(sample)
        rows += some
        if size > limit:
            raise WarehouseError(
                f"the answer needs more than {limit >> 20} MiB of memory; ask for fewer rows or columns, "
                "or set memory (SPARKIFY_MEMORY) higher"
            )
        if stop.is_set():
            raise duckdb.InterruptException("interrupted")
    return rows


def _size(value: object) -> int:
    """Bytes of a value with all that it holds."""
    held = sys.getsizeof(value)
    if isinstance(value, dict):
        return held + sum(_size(key) + _size(each) for key, each in value.items())
    return held + sum(map(_size, value)) if isinstance(value, list | tuple) else held


def _is_end(value: object) -> bool:
    if isinstance(value, dict):
        return any(_is_end(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return any(map(_is_end, value))
    return isinstance(value, date) and value in _ENDS


def _words(kind: str) -> set[str]:
    return set(_NAMES.findall(kind))


def _spelled(
    connection: duckdb.DuckDBPyConnection, sql: str, types: Sequence[str], spelled: set[int]
) -> duckdb.Statement:
    """The question with some of its columns as text."""
    names = [f"c{index}" for index in range(len(types))]
    values = [
        f"cast({name} as {_text(types[index])})" if index in spelled else name for index, name in enumerate(names)
    ]
    body = sql
    while True:
        try:
            return checked(connection, f"select {', '.join(values)} from (\n{body}\n) as answer({', '.join(names)})")
        except UsageError:
            # A semicolon ends it, and a comment may follow.
            if ";" not in body:
                raise
            body = body[: body.rindex(";")]


def _text(kind: str) -> str:
    """A type with text in the place of what Python cannot hold, within lists and structs as well."""
    return _NAMES.sub(lambda word: "VARCHAR" if word[0] in _INEXACT | _CALENDAR else word[0], kind)
