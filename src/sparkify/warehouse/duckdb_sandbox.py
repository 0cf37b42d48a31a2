"""Where questions are asked: nothing there can write the warehouse, nor reach another file or the network.

Four walls, each of which holds by itself where it is known to: only what is parsed as a SELECT runs
(`duckdb_reading.py`), the file is attached read-only, the engine may open nothing else and its settings are locked, and
the thread that it runs in has given up the right to write (`confined.py`).
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent import futures
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import duckdb

from sparkify.errors import SparkifyError, UsageError, WarehouseError
from sparkify.source.spool import scratch
from sparkify.sql_queries import literal
from sparkify.warehouse import Answer
from sparkify.warehouse.confined import confined
from sparkify.warehouse.duckdb_answer import answer
from sparkify.warehouse.duckdb_file import opened, real
from sparkify.warehouse.duckdb_reading import checked
from sparkify.warehouse.local import first_line

T = TypeVar("T")

TABLES = 4
"""Tables that are kept at most."""
ROWS = 2_000_000
"""Rows that they have at most while the file is closed, some 50 bytes each: memory that nobody asked for."""
SPILL = 10
"""How many times its memory a question may write to disk, at most half of what is free there: a load runs beside."""
POLL = 0.05
"""Seconds after which whoever waits for an answer looks whether it should still."""
GRACE = 5.0
"""Seconds after which a question that does not end is left behind: most do within a tenth of one."""

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


@dataclass(frozen=True, slots=True)
class _Question:
    """What runs just now."""

    connection: duckdb.DuckDBPyConnection
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when nobody wants the answer any more."""

    def end(self) -> None:
        """End it; may have to be said again, as it may come before the statement begins."""
        self.stop.set()
        with suppress(duckdb.Error):  # closed by now
            self.connection.interrupt()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a question may take."""

    memory: int = 2048
    """MiB."""
    timeout: float = 300.0
    """Seconds."""
    threads: int | None = None
    """None takes every core."""
    spill: Path | None = None
    """The folder for what has no room in memory; None: where others look for temporary files."""


class Sandbox:
    """A DuckDB that reads one file.

    One that `keeps` outlives the opening of the file: it opens it again and again, and has tables of its own besides,
    which are true for as long as the file is as it was.
    """

    def __init__(self, path: Path, url: str, limits: Limits, version: Callable[[], object], *, keeps: bool) -> None:
        self.keeps = keeps
        self._path = path
        self._file = path
        """What is opened: where the path leads to."""
        self._url = url
        self._limits = limits
        self._version = version
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._thread: futures.ThreadPoolExecutor | None = None
        """The only one that the engine is called from, but to interrupt it."""
        self._room = ExitStack()
        """The folder that it may write to."""
        self._is_open = False
        self._busy: _Question | None = None
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
            return self._attached()

        self._connection = opened(attempt, self._url, wait)
        self._is_open = True
        if self._version() != self._kept_of:  # another file took its place just now: which of them is open?
            self.close()
            return self.open(wait)
        return self._connection

    def _attached(self) -> duckdb.DuckDBPyConnection:
        file = real(self._path)  # a link may lead elsewhere by now
        if self._connection is not None and file != self._file:
            self.close()
        if self._connection is None:
            self._connection, self._file = self._engine(file), file
        connection = self._connection

        def attach() -> None:
            connection.execute(f"attach {literal(str(file))} as warehouse (type duckdb, read_only)")
            connection.execute("use warehouse")

        try:
            self._do(attach)
        except duckdb.Error:
            self.close()
            raise
        return connection

    def _engine(self, file: Path) -> duckdb.DuckDBPyConnection:
        """An engine in a thread of its own that may open one file."""
        room = self._made_room()
        self._thread = confined(room)
        config = {**_CONFIG, "memory_limit": f"{self._limits.memory}MiB", "temp_directory": str(room or "")}
        if self._limits.threads is not None:
            config["threads"] = self._limits.threads
        if room is not None:
            most = min(self._limits.memory * SPILL, shutil.disk_usage(room).free >> 21)
            config["max_temp_directory_size"] = f"{max(most, 1)}MiB"
        allowed = ", ".join(literal(f"{file}{ending}") for ending in _FILES)

        def connect() -> duckdb.DuckDBPyConnection:
            connection = duckdb.connect(":memory:", config=config)
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"set allowed_paths = [{allowed}]")
            for name, value in _LOCKED.items():
                connection.execute(f"set {name} = {value}")
            return connection

        return self._do(connect)

    def _made_room(self) -> Path | None:
        try:
            return self._room.enter_context(scratch(self._limits.spill or Path(tempfile.gettempdir())))
        except (OSError, SparkifyError):
            return None  # nowhere to write: a question has its memory, and no more

    def release(self) -> None:
        """Close the file. What is kept stays, if it is not too much; what could not be made may be tried again."""
        if not self.keeps:
            self.close()
        elif self._connection is not None and self._is_open:
            self._is_open = False
            connection = self._connection
            try:
                for key in [key for key, table in self._kept.items() if table is None]:
                    del self._kept[key]
                while sum(each.rows for each in self._kept.values() if each) > ROWS:
                    self._drop_oldest()
                self._do(lambda: connection.execute("use memory"))
                self._do(lambda: connection.execute("detach warehouse"))
            except duckdb.Error:
                self.close()

    def close(self) -> None:
        """Close everything."""
        connection, thread = self._connection, self._thread
        self._connection = self._thread = None
        self._kept.clear()
        self._is_open = False
        if thread is not None:
            if connection is not None:
                thread.submit(connection.close)
            thread.shutdown()
        self._room.close()

    def _leave(self) -> None:
        """Close everything but what runs, which does not end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False)
        self.close()

    # -- questions ----------------------------------------------------------------------------------

    def ask(self, sql: str, wait: float) -> Answer:
        """What a SELECT gives.

        Raises UsageError for anything else, and when it fails; WarehouseError when it takes more than it may.
        """
        connection = self.open(wait)
        return self._asked(connection, lambda stop: answer(connection, sql, stop, self._limits.memory << 20))

    def _asked(self, connection: duckdb.DuckDBPyConnection, work: Callable[[threading.Event], T]) -> T:
        """Do what a question takes, with its errors in our words."""
        try:
            return self._within(connection, work)
        except SparkifyError:
            raise
        except duckdb.OutOfMemoryException as error:
            self.close()
            told = first_line(error).split(". ")[0][:200]
            raise WarehouseError(
                f"the question needs more than {self._limits.memory} MiB of memory ({told}); "
                "ask for less, or set memory (SPARKIFY_MEMORY) higher"
            ) from error
        except Exception as error:  # such as text of an error that is no UTF-8
            if isinstance(error, _BROKEN):
                self.close()
            raise UsageError(first_line(error)) from error

    def _within(self, connection: duckdb.DuckDBPyConnection, work: Callable[[threading.Event], T]) -> T:
        """Do it in the thread of the engine, for as long as it may take."""
        assert self._thread is not None
        question = self._busy = _Question(connection)
        late = time.monotonic() + self._limits.timeout
        under_way = self._thread.submit(work, question.stop)
        try:
            futures.wait([under_way], min(POLL, self._limits.timeout))
            while not under_way.done() and time.monotonic() < late + GRACE:
                if question.stop.is_set() or time.monotonic() > late:
                    question.end()
                futures.wait([under_way], POLL)
            if time.monotonic() > late and (not under_way.done() or under_way.exception() is not None):
                raise WarehouseError(
                    f"the question took longer than {self._limits.timeout:g} s and was ended; ask for less, or set "
                    "timeout (SPARKIFY_TIMEOUT) higher"
                )
            return under_way.result()
        finally:
            self._busy = None
            given_up = time.monotonic() + GRACE
            while not under_way.done() and time.monotonic() < min(given_up, late + GRACE):  # Ctrl-C
                question.end()
                futures.wait([under_way], POLL)
            if not under_way.done():
                self._leave()

    def cancel(self) -> None:
        """End the statement that another thread runs; may come too late."""
        busy = self._busy
        if busy is not None:
            busy.end()

    # -- tables -------------------------------------------------------------------------------------

    def kept(self, wait: float) -> list[Hashable]:
        """What there are tables of, the last used first."""
        self.open(wait)
        return [key for key, table in reversed(self._kept.items()) if table is not None]

    def keep(self, key: Hashable, sql: str, wait: float) -> str | None:
        """The name of the table that holds what a SELECT gives, made unless it is there; None if it cannot be made."""
        connection = self.open(wait)
        if key not in self._kept:
            while len(self._kept) >= TABLES:
                self._drop_oldest()
            self._kept[key] = self._made(connection, sql)
        self._kept.move_to_end(key)
        found = self._kept[key]
        return None if found is None else found.name

    def _made(self, connection: duckdb.DuckDBPyConnection, sql: str) -> _Kept | None:
        name = f"temp.main.kept_{next(self._numbers)}"  # in full: the warehouse may have a schema of that name

        def make(stop: threading.Event) -> _Kept | None:  # noqa: ARG001
            checked(connection, sql)
            try:
                [(rows,)] = connection.execute(f"create temporary table {name} as {sql}").fetchall()
            except duckdb.InterruptException:
                raise
            except duckdb.Error:  # of memory, most likely, of which each question by itself needs less
                return None
            return _Kept(name, rows)

        return self._asked(connection, make)

    def _drop_oldest(self) -> None:
        connection = self._connection
        table = self._kept.popitem(last=False)[1]
        if table is not None and connection is not None:
            self._do(lambda: connection.execute(f"drop table {table.name}"))

    def _do(self, work: Callable[[], T]) -> T:
        """What the engine does of ours, in its thread."""
        assert self._thread is not None
        return self._thread.submit(work).result()
