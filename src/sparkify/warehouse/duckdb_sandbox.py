"""Where questions are asked: nothing there can write the warehouse, nor reach another file or the network."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sparkify.errors import UsageError
from sparkify.sql_queries import literal
from sparkify.warehouse import Answer
from sparkify.warehouse.duckdb_file import opened, real
from sparkify.warehouse.local import first_line

TABLES = 4
"""Tables that are kept at most."""
ROWS = 2_000_000
"""Rows that they have at most while the file is closed, some 50 bytes each: memory that nobody asked for."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}
_FILES = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
"""How the names of the files end that DuckDB may look at to open one: a killed load leaves its logs."""
_BROKEN = (duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.InternalException)
"""After these the engine is begun anew: it may be of no use, or hold too much."""


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    rows: int


class Sandbox:
    """A DuckDB that reads one file.

    One that `keeps` outlives the opening of the file: it opens it again and again, and has tables of its own besides,
    which are true for as long as the file is as it was.
    """

    def __init__(self, path: Path, url: str, memory: str, version: Callable[[], object], *, keeps: bool) -> None:
        self.keeps = keeps
        self._path = path
        self._file = path
        """What is opened: where the path leads to."""
        self._url = url
        self._memory = memory
        self._version = version
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._is_open = False
        self._busy: duckdb.DuckDBPyConnection | None = None
        """The connection, while a statement runs."""
        self._numbers = itertools.count(1)
        self._kept: OrderedDict[Hashable, _Kept | None] = OrderedDict()
        """None where the table could not be made. The one used last comes last."""
        self._kept_of: object = None
        """The version of the file that they are of, and that is or was open."""

    # -- opening ------------------------------------------------------------------------------------

    def open(self, wait: float) -> duckdb.DuckDBPyConnection:
        """The file, opened unless it is; waits so many seconds for whoever has it."""
        if self._connection is not None and self._is_open:
            return self._connection

        def attempt() -> duckdb.DuckDBPyConnection:
            if (version := self._version()) != self._kept_of:
                self.close()
                self._kept_of = version
            return self._attached() if self.keeps else self._connected()

        self._connection = opened(attempt, self._url, wait)
        self._is_open = True
        if self._version() != self._kept_of:  # another file took its place just now: which of them is open?
            self.close()
            return self.open(wait)
        return self._connection

    def _connected(self) -> duckdb.DuckDBPyConnection:
        config = {**_CONFIG, **_LOCKED, "memory_limit": self._memory}
        return duckdb.connect(str(self._path), read_only=True, config=config)

    def _attached(self) -> duckdb.DuckDBPyConnection:
        file = real(self._path)  # a link may lead elsewhere by now
        if self._connection is not None and file != self._file:
            self.close()
        if self._connection is None:
            config = {**_CONFIG, "memory_limit": self._memory, "temp_directory": f"{file}.tmp"}  # as DuckDB would
            connection = duckdb.connect(":memory:", config=config)
            allowed = ", ".join(literal(f"{file}{ending}") for ending in _FILES)
            connection.execute(f"set allowed_paths = [{allowed}]")
            for name, value in _LOCKED.items():
                connection.execute(f"set {name} = {value}")
            self._connection, self._file = connection, file
        self._connection.execute(f"attach {literal(str(file))} as warehouse (type duckdb, read_only)")
        try:
            self._connection.execute("use warehouse")
        except duckdb.Error:
            self.close()
            raise
        return self._connection

    def release(self) -> None:
        """Close the file. What is kept stays, if it is not too much; what could not be made may be tried again."""
        if not self.keeps:
            self.close()
        elif self._connection is not None and self._is_open:
            self._is_open = False
            try:
                for key in [key for key, table in self._kept.items() if table is None]:
                    del self._kept[key]
                while sum(each.rows for each in self._kept.values() if each) > ROWS:
                    self._drop_oldest()
                self._connection.execute("use memory")
                self._connection.execute("detach warehouse")
            except duckdb.Error:
                self.close()

    def close(self) -> None:
        """Close everything."""
        self._kept.clear()
        self._is_open = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- questions ----------------------------------------------------------------------------------

    def ask(self, sql: str, wait: float) -> Answer:
        """What a SELECT gives. Raises UsageError for anything else, and when it fails."""
        connection = self.open(wait)
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error as error:
            raise UsageError(f"not understood: {first_line(error)}") from error
        if len(statements) != 1 or not self._may_run(statements[0]):
            raise UsageError("one SELECT at a time, and nothing else: this command only reads")
        try:
            with self._running(connection):
                result = connection.execute(statements[0])
                description = result.description or []
                return Answer(
                    tuple(str(column[0]) for column in description),
                    tuple(str(column[1]) for column in description),
                    result.fetchall(),
                )
        except duckdb.Error as error:
            if isinstance(error, _BROKEN):
                self.close()
            raise UsageError(first_line(error)) from error

    def cancel(self) -> None:
        """End the statement that another thread runs; may come too late."""
        busy = self._busy
        if busy is not None:
            with suppress(duckdb.Error):  # closed by now
                busy.interrupt()

    # -- tables -------------------------------------------------------------------------------------

    def kept(self, wait: float) -> list[Hashable]:
        """What there are tables of, the last used first."""
        self.open(wait)
        return [key for key, table in reversed(self._kept.items()) if table is not None]

    def keep(self, key: Hashable, sql: str, wait: float) -> str | None:
        """The name of the table that holds what a SELECT gives, made unless it is there; None if it cannot be made."""
        connection = self.open(wait)
        if key not in self._kept:
            try:
                while len(self._kept) >= TABLES:
                    self._drop_oldest()
                self._kept[key] = self._made(connection, sql)
            except duckdb.Error as error:
                if not isinstance(error, duckdb.InterruptException):
                    self.close()
                raise UsageError(first_line(error)) from error
        self._kept.move_to_end(key)
        found = self._kept[key]
        return None if found is None else found.name

    def _made(self, connection: duckdb.DuckDBPyConnection, sql: str) -> _Kept | None:
        name = f"temp.main.kept_{next(self._numbers)}"  # in full: the warehouse may have a schema of that name
        try:
            with self._running(connection):
                [(rows,)] = connection.execute(f"create temporary table {name} as {sql}").fetchall()
        except duckdb.InterruptException:
            raise
        except duckdb.Error:  # of memory, most likely, of which each question by itself needs less
            return None
        return _Kept(name, rows)

    def _drop_oldest(self) -> None:
        table = self._kept.popitem(last=False)[1]
        if table is not None and self._connection is not None:
            self._connection.execute(f"drop table {table.name}")

    def _may_run(self, statement: duckdb.Statement) -> bool:
        try:
            # EXPLAIN ANALYZE runs what it explains; where the file may be opened again, COPY could reach it.
            return statement.type == duckdb.StatementType.SELECT or (
                statement.type == duckdb.StatementType.EXPLAIN and not self.keeps
            )
        except ValueError:  # a kind of statement that the client has no name for
            return False

    @contextmanager
    def _running(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        self._busy = connection
        try:
            yield
        finally:
            self._busy = None
