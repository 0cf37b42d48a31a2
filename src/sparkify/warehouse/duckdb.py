"""DuckDB, embedded: one file, opened for as short as possible.

A DuckDB file admits one writing process and then no other, not even to read. So the load works in an
in-memory database of its own (parsing and staging touch no file) and attaches the warehouse only to read
the ledger and to transform and commit a batch. Whoever finds the file held waits a while and tries again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from sparkify.errors import SparkifyError, WarehouseError, WarehouseInUse
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.spool import Spool
from sparkify.sql_queries import literal
from sparkify.stopping import unstoppable
from sparkify.warehouse import Answer
from sparkify.warehouse.duckdb_file import RETRY_SECONDS, opened, real
from sparkify.warehouse.duckdb_sandbox import Sandbox
from sparkify.warehouse.local import LocalEngine, heeded, told

T = TypeVar("T")

REBUILD = "sparkify_rebuild"
"""Schema of the second set of tables during a full refresh."""

STORAGE = "v1.4.0"
"""Format of a new file, which DuckDB 1.4 reads, the long-term line before 2.0. A file that is there keeps its own."""

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
        self._sandbox = self._new_sandbox(keeps=True)
        """Where questions are asked that come together."""
        self._once: Sandbox | None = None
        """Where one by itself is asked."""
        self._asking = False
        self._patience = wait
        """Seconds that opening the file may take just now."""
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
        with suppress(OSError):  # none, or one that opening it will tell of
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
                raise WarehouseError(f"{self.url}: cannot be locked ({error.strerror}); {_todo(error)}") from error
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            if time.monotonic() >= deadline:
                by = f" (process {holder})" if holder.isdigit() else ""
                raise WarehouseInUse(f"{self.url}: another load is running{by}; try again when it has ended")
            time.sleep(RETRY_SECONDS)

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
        self._sandbox.release()  # a process opens a file in one way at a time
        mode = "type duckdb, read_only" if read_only else "type duckdb"

        def attach() -> None:
            with unstoppable(), heeded():
                # As an option of ATTACH it would refuse a newer file, and turn an older one into this format.
                self.connection.execute(f"set storage_compatibility_version = {literal(STORAGE)}")
                self.connection.execute(f"attach {literal(str(self.path))} as warehouse ({mode})")
                self._attached = True
                self.connection.execute(f"use warehouse.{self._schema}")

        opened(attach, self.url, self._patience)

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
        self._sandbox.close()
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
    def asking(self, *, wait: float | None = None) -> Iterator[None]:
        self._asking, self._patience = True, self._wait if wait is None else wait
        try:
            yield
        finally:
            self._asking, self._patience = False, self._wait
            self._sandbox.release()

    def ask(self, sql: str) -> Answer:
        if self._asking:
            return self._sandbox.ask(sql, self._patience)
        self._once = self._new_sandbox(keeps=False)
        try:
            return self._once.ask(sql, self._patience)
        finally:
            self._once.close()
            self._once = None

    def kept(self) -> list[Hashable]:
        return self._sandbox.kept(self._patience) if self._asking else []

    def keep(self, key: Hashable, sql: str) -> str | None:
        return self._sandbox.keep(key, sql, self._patience) if self._asking else None

    def cancel(self) -> None:
        (self._once or self._sandbox).cancel()

    def _new_sandbox(self, *, keeps: bool) -> Sandbox:
        return Sandbox(self.path, self.url, self._memory, self.version, keeps=keeps)

    def version(self) -> object:
        file = real(self.path)
        return _stamp(file), _stamp(file.with_name(file.name + ".wal"))

    def is_loading(self) -> bool:
        return self._lock_path.exists()

    def export(self, table: str, path: Path) -> int:
        """Write a table as Parquet with zstandard compression, within a session; the number of rows."""
        with suppress(FileNotFoundError):
            path.unlink()
        self.execute(f"copy (from {table} order by all) to {literal(str(path))} (format parquet, compression zstd)")
        return int(str(self.query(f"select count(*) from {table}")[0][0]))


def _todo(error: OSError) -> str:
    """What to do where a lock cannot be had."""
    if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
        return "its file system has no locks, put it on a disk of this machine"
    return "make room on its disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check the disk"


def _spool_folder(path: Path, folder: Path | None) -> Path:
    """The warehouse's own spool, so that the next run finds what a killed one left; beside it unless told otherwise."""
    if folder is None:
        return path.with_name(path.name + ".spool")
    # Two warehouses of the same name may share the folder.
    mark = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
    return folder.resolve() / f"{path.name}-{mark}.spool"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What differs when a file was written; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
