"""DuckDB, embedded: one file, opened for as short as possible.

A DuckDB file admits one writing process and then no other, not even to read. So the load works in an
in-memory database of its own (parsing and staging touch no file) and attaches the warehouse only to read
the ledger and to transform and commit a batch. Whoever finds the file held waits a while and tries again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from sparkify.errors import SparkifyError
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.spool import Spool, check_name
from sparkify.sql_queries import literal
from sparkify.stopping import unstoppable
from sparkify.warehouse import Answer
from sparkify.warehouse.duckdb_file import finish_begun, is_there, opened, place_of, real
from sparkify.warehouse.duckdb_lock import lock_of, locked
from sparkify.warehouse.duckdb_sandbox import Limits, Sandbox
from sparkify.warehouse.local import LocalEngine, heeded, told

T = TypeVar("T")

REBUILD = "sparkify_rebuild"
"""Schema of the second set of tables during a full refresh."""

STORAGE = "v1.4.0"
"""Format of a new file, which DuckDB 1.4 reads, the long-term line before 2.0. A file that is there keeps its own."""


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
        timeout: float = 300.0,
    ) -> None:
        super().__init__(memory=memory, threads=threads, spool=spool)
        self.path = path
        self.url = f"duckdb:///{path}"
        self._wait = wait
        self._depth = 0
        self._attached = False
        self._limits = Limits(int(memory.removesuffix("MiB")), timeout, threads, spool)
        self._sandbox = self._new_sandbox(keeps=True)
        """Where questions are asked that come together."""
        self._once: Sandbox | None = None
        """Where one by itself is asked."""
        self._asking = False
        self._patience = wait
        """Seconds that opening the file may take just now."""
        self._schema = "main"
        self._spool_dir = spool
        self._loaded: Path | None = None
        """The file that a load holds: a link may lead elsewhere before it ends."""

    # -- opening ------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        """Where the path leads to: lock, spool and clean-up go by that."""
        return self._loaded or place_of(self.path)

    def exists(self) -> bool:
        return is_there(self._file)

    def check(self) -> None: ...

    @contextmanager
    def loading(self) -> Iterator[None]:
        file = place_of(self.path)
        with locked(file, self.url, self._wait):
            self.spool = run_spool(file, self._spool_dir)
            self._loaded = file
            self._spill = self.spool.folder / "spill"
            try:
                finish_begun(file, self.spool, self.url, STORAGE)
                yield
            finally:
                self._spill = None
                self.spool.clear()
                self._spool = self._loaded = None

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
                self.connection.execute(f"attach {literal(str(self._file))} as warehouse ({mode})")
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
        return Sandbox(self.path, self.url, self._limits, self.version, keeps=keeps)

    def version(self) -> object:
        file = self._file
        return _stamp(file), _stamp(file.with_name(file.name + ".wal"))

    def is_loading(self) -> bool:
        return lock_of(self._file).exists()

    def export(self, table: str, path: Path) -> int:
        """Write a table as Parquet with zstandard compression, within a session; the number of rows."""
        with suppress(FileNotFoundError):
            path.unlink()
        self.execute(f"copy (from {table} order by all) to {literal(str(path))} (format parquet, compression zstd)")
        return int(str(self.query(f"select count(*) from {table}")[0][0]))


def run_spool(file: Path, folder: Path | None) -> Spool:
    """The warehouse's own spool, empty, beside it unless told otherwise: the next run finds what a killed one left.

    What is in it is hidden, because a data folder may be around it. Raises UsageError or SourceError.
    """
    if folder is None:
        place = file.with_name(f"{file.name}.spool")
    else:
        check_name(folder)
        # Two warehouses of the same name may share the folder.
        mark = hashlib.sha256(os.fsencode(real(file))).hexdigest()[:8]
        place = folder.resolve() / f"{file.name}-{mark}.spool"
    spool = Spool(place, hidden=True)
    spool.begin()
    return spool


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What differs when a file was written; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
