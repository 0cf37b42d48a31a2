"""DuckDB in memory: what parses, checks and compares on this machine, whatever engine holds the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sparkify import sql_queries
from sparkify.errors import UsageError, WarehouseError
from sparkify.source.parts import Part
from sparkify.source.spool import LineWriter, Spool, passing_spool
from sparkify.sql_queries import file_literal, literal
from sparkify.warehouse import Row, duckdb_staging

SPARING = 256
"""MiB in which a million files are listed and compared."""


class LocalEngine:
    """An in-memory DuckDB with temporary tables; nothing of it outlives the process."""

    engine: sql_queries.Engine = "duckdb"

    def __init__(self, *, memory: str = "2048MiB", threads: int | None = None, spool: Path | None = None) -> None:
        self._memory = memory
        self._threads = threads
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._spill: Path | None = None
        self._spool_dir = spool
        self._spool: Spool | None = None
        """Of a load, or of this process when it was first needed."""
        self._passing: Spool | None = None

    @property
    def spool(self) -> Spool:
        """Where files go that are soon read again. Whoever only reads must not touch those of a load at the same time.

        Raises UsageError when there is no folder for them.
        """
        if self._spool is None:
            self._spool = self._passing = self._passing or passing_spool(self._spool_dir)
        return self._spool

    @spool.setter
    def spool(self, spool: Spool) -> None:
        self._spool = spool

    def _spill_folder(self) -> str:
        """Where the engine may spill: a load into its spool; empty where nothing can be written."""
        if self._spill is not None:
            return str(self._spill)
        try:
            return str(self.spool.folder)
        except UsageError:
            return ""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The in-memory database that everything runs in."""
        if self._connection is None:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": self._memory,
                "temp_directory": self._spill_folder(),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
            if self._threads is not None:
                config["threads"] = self._threads
            self._connection = duckdb.connect(":memory:", config=config)
            self._connection.execute("set TimeZone = 'UTC'")  # not that of the machine
        return self._connection

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """Work in little memory for a while: long lists go to disk."""
        usual = self._memory
        self.execute(f"set memory_limit = {literal(_smaller(usual, SPARING))}")
        try:
            yield
        finally:
            if self._connection is not None:
                self.execute(f"set memory_limit = {literal(usual)}")

    def close(self) -> None:
        """Let go of everything."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._passing is not None:
            self._passing.clear()

    def run(self, name: str, parameters: Sequence[object] = ()) -> None:
        """Execute one of the statements of `sql/`."""
        self.execute(sql_queries.statement(name, "duckdb"), parameters)

    def rows(self, name: str, parameters: Sequence[object] = ()) -> list[Row]:
        """What one of the statements of `sql/` selects."""
        return self.query(sql_queries.statement(name, "duckdb"), parameters)

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Execute a statement."""
        with told():
            self.connection.execute(sql, parameters)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """What a statement selects."""
        with told():
            return self.connection.execute(sql, parameters).fetchall()

    def drop_temporary(self, names: Iterable[str]) -> None:
        """Drop temporary tables, those that exist; never a permanent one."""
        for name in names:
            self.execute(f"drop table if exists temp.main.{name}")

    def stage(self, parts: Sequence[Part]) -> list[Part]:
        """Fill `staging_events` and `batch_songs`, temporary tables both; returns the parts not read exactly."""
        with told():
            return duckdb_staging.stage(self.connection, parts)

    def append(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows to a table, many at once."""
        writer = LineWriter(self.spool, table)
        for row in rows:
            writer.write(row)
        path = writer.close()
        if path is None:
            return
        columns = ", ".join(f"{name}: {literal(str(data_type))}" for name, data_type in self._columns(table))
        self.execute(
            f"insert into {table} by name from read_json([{file_literal(path)}], "
            f"format = 'newline_delimited', columns = {{{columns}}}, hive_partitioning = false)"
        )
        path.unlink()

    def _columns(self, table: str) -> list[Row]:
        """Name and type of each column of a table, of a temporary one if there is one of that name."""
        return [row[:2] for row in self.query(f"describe {table}")]


def _smaller(memory: str, limit: int) -> str:
    """The smaller of two memory limits, both in MiB, as DuckDB takes it."""
    return f"{min(int(memory.removesuffix('MiB')), limit)}MiB"


@contextmanager
def told() -> Iterator[None]:
    """Turn what the engine says into our errors, and an interrupted statement into the interrupt it was."""
    try:
        with heeded():
            yield
    except duckdb.Error as error:
        raise _engine_error(error) from error


@contextmanager
def heeded() -> Iterator[None]:
    """Turn an interrupted statement into the interrupt it was."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if "interrupted" in str(error):
            raise KeyboardInterrupt from error
        raise


def first_line(error: Exception) -> str:
    """What an error says, in one line and without the context that the engine adds."""
    text = str(error).split("\n\n")[0]
    return " ".join(text.split())


def _engine_error(error: duckdb.Error) -> WarehouseError:
    text = first_line(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return WarehouseError(
            f"DuckDB needs more memory or disk: {text[:300]}; set SPARKIFY_MEMORY higher or make room"
        )
    return WarehouseError(f"DuckDB refused: {text[:500]}{no_room(text)}")


def no_room(text: str) -> str:
    """What to do where the engine says that a disk is full; empty for anything else."""
    return "; make room on its disk and run again" if "No space left" in text or "Disk quota" in text else ""
