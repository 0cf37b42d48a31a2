"""DuckDB, embedded: one file, opened for as short as possible.

A DuckDB file admits one writing process and then no other, not even to read. So the load works in an
in-memory database of its own (parsing and staging touch no file) and attaches the warehouse only to read
the ledger and to transform and commit a batch. Whoever finds the file held waits a while and tries again.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

import duckdb

from sparkify.errors import SparkifyError, UsageError, WarehouseError, WarehouseInUse
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.spool import Spool
from sparkify.sql_queries import literal
from sparkify.stopping import unstoppable
from sparkify.warehouse import Answer
from sparkify.warehouse.local import LocalEngine, first_line, heeded, told

T = TypeVar("T")

REBUILD = "sparkify_rebuild"
"""Schema of the second set of tables during a full refresh."""

STORAGE = "v1.4.0"
"""Format of a new file, which DuckDB 1.4 reads, the long-term line before 2.0. A file that is there keeps its own."""

_SANDBOX = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "lock_configuration": "true",
}
_RETRY_SECONDS = 0.05
SHARED = 2
"""Tables that questions share and are kept: those of a range of days and of the one before it."""
_HEADERS = 3 * 4096
_MAGIC = b"DUCK"


class DuckDBWarehouse(LocalEngine):
    """A warehouse in a DuckDB file."""

    def __init__(
        self,
        path: Path,
        *,
        wait: float = 30.0,
        memory: str = "2048MiB",
        threads: int | None = None,
        spool: Path | None = None,
    ) -> None:
        super().__init__(memory=memory, threads=threads, spool=spool)
        self.path = path
        self.url = f"duckdb:///{path}"
        self._wait = wait
        self._depth = 0
        self._attached = False
        self._asking: duckdb.DuckDBPyConnection | None = None
        """Where a question is asked just now."""
        self._sandbox: duckdb.DuckDBPyConnection | None = None
        self._keeping = False
        self._numbers = itertools.count(1)
        self._shared: OrderedDict[str, str | None] = OrderedDict()
        """By SELECT: the temporary table of the sandbox that holds what it gave; None where that could not be."""
        self._schema = "main"
        self._run_spool = Spool(_spool_folder(path, spool))

    # -- opening ------------------------------------------------------------------------------------

    def exists(self) -> bool:
        return self.path.exists()

    def check(self) -> None: ...

    @contextmanager
    def loading(self) -> Iterator[None]:
        lock = self._lock()
        try:
            self._run_spool.clear()
            self._run_spool.make()
            self.spool = self._run_spool
            self._spill = self.spool.folder / "spill"
            self._remove_unfinished()
            yield
        finally:
            self._spill = None
            self._run_spool.clear()
            self.spool = Spool(self._reader_spill)
            # Removed while held, so that nobody can have it and then lose it; `_lock` looks for that.
            with suppress(OSError):
                self._lock_path.unlink()
            lock.close()

    def _remove_unfinished(self) -> None:
        """Remove a database file whose making was cut short by a kill: it holds nothing yet, and cannot be opened.

        DuckDB writes three headers of 4 KiB first; a file of that beginning that is shorter is such a one.
        """
        with suppress(FileNotFoundError):
            size = self.path.stat().st_size
            with self.path.open("rb") as stream:
                head = stream.read(12)
            if size == 0 or (size < _HEADERS and (head[8:] == _MAGIC or not any(head))):
                self.path.unlink()

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")

    def _lock(self) -> IO[str]:
        """The lock of a load: a file beside the warehouse, which the system lets go when its process dies."""
        deadline = time.monotonic() + self._wait
        while True:
            try:
                lock = self._lock_path.open("a+", encoding="utf-8")
            except OSError as error:
                raise WarehouseError(f"{self.url}: cannot be written ({error.strerror}); check the folder") from error
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(lock.fileno()), self._lock_path.stat()):
                    lock.truncate(0)
                    lock.write(str(os.getpid()))
                    lock.flush()
                    return lock
            except (BlockingIOError, FileNotFoundError):
                pass  # held, or removed by the load that held it
            except OSError as error:
                lock.close()
                raise WarehouseError(
                    f"{self.url}: cannot be locked ({error.strerror}); make room on its disk"
                ) from error
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            if time.monotonic() >= deadline:
                by = f" (process {holder})" if holder.isdigit() else ""
                raise WarehouseInUse(f"{self.url}: another load is running{by}; try again when it has ended")
            time.sleep(_RETRY_SECONDS)

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[None]:
        outermost = self._depth == 0
        self._depth += 1
        try:
            if outermost:
                self._attach(read_only=read_only)
            yield
        finally:
            self._depth -= 1
            if outermost and self._attached:
                self._detach(read_only=read_only)

    def _attach(self, *, read_only: bool) -> None:
        self._close_sandbox()  # a process opens a file in one way at a time
        mode = "type duckdb, read_only" if read_only else "type duckdb"
        deadline = time.monotonic() + self._wait
        while True:
            try:
                with unstoppable(), heeded():
                    # As an option of ATTACH it would refuse a newer file, and turn an older one into this format.
                    self.connection.execute(f"set storage_compatibility_version = {literal(STORAGE)}")
                    self.connection.execute(f"attach {literal(str(self.path))} as warehouse ({mode})")
                    self._attached = True
                    self.connection.execute(f"use warehouse.{self._schema}")
            except duckdb.Error as error:
                if not _is_lock(error) or time.monotonic() >= deadline:
                    raise _opening_error(self.url, error) from error
                time.sleep(_RETRY_SECONDS)
            else:
                return

    def _detach(self, *, read_only: bool) -> None:
        self._attached = False
        with unstoppable():
            try:
                with told():
                    self.connection.execute("use memory")
                    if not read_only:
                        # Leave no log behind: whoever opens the file next would have to replay it.
                        self.connection.execute("checkpoint warehouse")
                    self.connection.execute("detach warehouse")
            except BaseException:
                self.close()
                raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A session that commits on leaving and rolls back on any exception; does not nest."""
        with self.session():
            try:
                self.execute("begin transaction")
                yield
            except BaseException:
                with suppress(SparkifyError):
                    self.execute("rollback")
                raise
            with unstoppable():
                self.execute("commit")

    def close(self) -> None:
        self._close_sandbox()
        super().close()
        self._depth, self._attached = 0, False

    def transact(self, work: Callable[[], T], *, committed: Callable[[], bool] | None = None) -> T:  # noqa: ARG002
        with self.transaction():
            return work()

    def publish(self, work: Callable[[], T], *, committed: Callable[[], bool]) -> T:  # noqa: ARG002
        with self.transaction():  # what was staged lies in temporary tables, which cover those of the warehouse
            return work()

    def reads(self, file: SourceFile, paths: JsonPaths | None) -> bool:  # noqa: ARG002
        return False

    def settle(self, added: int, total: int) -> None: ...

    def plan(self, files: Sequence[SourceFile], paths: JsonPaths | None) -> list[str]:  # noqa: ARG002
        return []

    def plan_of_transform(self) -> list[str]:
        return []

    def unload(self, table: str, url: str) -> int | None:  # noqa: ARG002
        return None

    # -- the second set of tables -------------------------------------------------------------------

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        with self.session():
            self.execute(f"create schema warehouse.{REBUILD}")
        self._schema = REBUILD
        try:
            yield
        finally:
            self._schema = "main"
            if self._connection is not None:
                with suppress(SparkifyError):
                    self.drop_rebuilt()

    def drop_rebuilt(self) -> None:
        with self.session():
            self.execute(f"drop schema if exists warehouse.{REBUILD} cascade")

    def replace_tables(self, tables: Sequence[str], keep: Sequence[str]) -> None:
        for table in tables:
            self.execute(f"delete from warehouse.main.{table}")
        for table in (*tables, *keep):
            self.execute(f"insert into warehouse.main.{table} by name from warehouse.{REBUILD}.{table}")
        self._schema = "main"
        self.execute("use warehouse.main")

    # -- statements ---------------------------------------------------------------------------------

    def tables(self) -> set[str]:
        return {
            str(name)
            for (name,) in self.query(
                "select table_name from information_schema.tables "
                "where table_catalog = 'warehouse' and table_schema = ?",
                [self._schema],
            )
        }

    # -- somebody's questions -----------------------------------------------------------------------

    @contextmanager
    def asking(self) -> Iterator[None]:
        self._keeping = True
        try:
            yield
        finally:
            self._keeping = False
            self._close_sandbox()

    def ask(self, sql: str) -> Answer:
        connection = self._asking = self._sandbox = self._sandbox or self._open_sandbox()
        try:
            try:
                statements = connection.extract_statements(sql)
            except duckdb.Error as error:
                raise UsageError(f"not understood: {first_line(error)}") from error
            if len(statements) != 1 or not _only_reads(statements[0]):
                raise UsageError("one SELECT at a time, and nothing else: this command only reads")
            try:
                result = connection.execute(statements[0])
                description = result.description or []
                return Answer(
                    tuple(str(column[0]) for column in description),
                    tuple(str(column[1]) for column in description),
                    result.fetchall(),
                )
            except duckdb.Error as error:
                raise UsageError(first_line(error)) from error
        finally:
            self._asking = None
            if not self._keeping:
                self._close_sandbox()

    def shared(self, sql: str) -> str | None:
        if not self._keeping:
            return None
        if sql not in self._shared:
            connection = self._asking = self._sandbox = self._sandbox or self._open_sandbox()
            name: str | None = f"temp.shared_{next(self._numbers)}"
            try:
                while len(self._shared) >= SHARED:
                    old = self._shared.popitem(last=False)[1]
                    if old is not None:
                        connection.execute(f"drop table {old}")
                connection.execute(f"create temporary table {name} as {sql}")
            except duckdb.InterruptException as error:
                raise UsageError(first_line(error)) from error
            except duckdb.Error:  # of memory, most likely, of which each question by itself needs less
                name = None
            finally:
                self._asking = None
            self._shared[sql] = name
        return self._shared[sql]

    def _close_sandbox(self) -> None:
        self._shared.clear()
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def cancel(self) -> None:
        asking = self._asking
        if asking is not None:
            with suppress(duckdb.Error):  # closed by now
                asking.interrupt()

    def version(self) -> object:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def is_loading(self) -> bool:
        return self._lock_path.exists()

    def _open_sandbox(self) -> duckdb.DuckDBPyConnection:
        """The warehouse, opened so that no statement can write it, nor reach a file or the network."""
        deadline = time.monotonic() + self._wait
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=True, config={**_SANDBOX, "memory_limit": self._memory})
            except duckdb.Error as error:
                if _is_lock(error) and time.monotonic() < deadline:
                    time.sleep(_RETRY_SECONDS)
                    continue
                raise _opening_error(self.url, error) from error

    def export(self, table: str, path: Path) -> int:
        """Write a table as Parquet with zstandard compression, within a session; the number of rows."""
        with suppress(FileNotFoundError):
            path.unlink()
        self.execute(f"copy (from {table} order by all) to {literal(str(path))} (format parquet, compression zstd)")
        return int(str(self.query(f"select count(*) from {table}")[0][0]))


def _spool_folder(path: Path, folder: Path | None) -> Path:
    """The warehouse's own spool, so that the next run finds what a killed one left; beside it unless told otherwise."""
    if folder is None:
        return path.with_name(path.name + ".spool")
    # Two warehouses of the same name may share the folder.
    mark = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
    return folder.resolve() / f"{path.name}-{mark}.spool"


def _is_lock(error: duckdb.Error) -> bool:
    return "lock on file" in str(error) or "already attached" in str(error).lower()


def _only_reads(statement: duckdb.Statement) -> bool:
    try:
        return statement.type in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    except ValueError:  # a kind of statement that the client has no name for
        return False


def _opening_error(url: str, error: duckdb.Error) -> SparkifyError:
    if _is_lock(error):
        return WarehouseInUse(f"{url}: in use by another process ({_holder(error)}); close it or try again later")
    text = first_line(error)
    if "not a valid DuckDB database" in text or "older version" in text or "newer version" in text:
        return WarehouseError(f"{url}: is no DuckDB file that this version can open; name another file ({text[:200]})")
    return WarehouseError(f"{url}: cannot be opened ({text[:300]})")


def _holder(error: duckdb.Error) -> str:
    text = str(error)
    start = text.find("PID ")
    return (
        "process " + text[start + 4 :].split(")", maxsplit=1)[0].split(maxsplit=1)[0]
        if start >= 0
        else "process unknown"
    )
