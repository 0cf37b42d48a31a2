"""The engines behind one small interface, and the addresses that choose between them.

A warehouse knows nothing of the pipeline: it opens, runs statements by name, stages parts and commits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from sparkify.errors import UsageError
from sparkify.values import remark, visible

if TYPE_CHECKING:
    from sparkify.config import Settings
    from sparkify.source.files import SourceFile
    from sparkify.source.jsonpaths import JsonPaths
    from sparkify.source.parts import Part
    from sparkify.source.spool import Spool
    from sparkify.sql_queries import Engine

Row = tuple[object, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[Row]


def number(value: object) -> int:
    """A whole number that a query gave; engines hand out sums in types of their own."""
    return int(str(value))


class Inexact(Exception):
    """Parts that the engine reads by itself would not come out as they are to: files with bad records, or odd ones."""

    def __init__(self, parts: Sequence[Part], why: str) -> None:
        super().__init__(why)
        self.parts = list(parts)
        self.why = why
        """For people: what made them so."""


class Warehouse(Protocol):
    """What the pipeline asks of an engine."""

    engine: Engine
    url: str
    """Its address, without secrets."""

    @property
    def spool(self) -> Spool:
        """Where files go that are soon read again."""

    def exists(self) -> bool:
        """Whether there is a database at the address."""

    def check(self) -> None:
        """Raise UsageError when a load would lack a setting; nothing is opened for it."""

    def loading(self) -> AbstractContextManager[None]:
        """Hold the warehouse against other loads; raises WarehouseInUse when another one does not end in time."""

    def session(self, *, read_only: bool = False) -> AbstractContextManager[None]:
        """Keep the database open. Others wait meanwhile, so sessions are short; they nest."""

    def transact(self, work: Callable[[], T], *, committed: Callable[[], bool] | None = None) -> T:
        """Do work in one transaction, and all of it again where an engine lets others come in between.

        So work must be safe to repeat. `committed` tells, of a connection that was lost at the commit, whether
        that came through; without it the work is done once more. Does not nest.
        """

    def sparing(self) -> AbstractContextManager[None]:
        """Work in little memory for a while: long lists go to disk."""

    def rebuilding(self) -> AbstractContextManager[None]:
        """Make every statement work on an empty second set of tables, until `replace_tables`."""

    def drop_rebuilt(self) -> None:
        """Drop a second set of tables that a killed run left."""

    def replace_tables(self, tables: Sequence[str], keep: Sequence[str]) -> None:
        """Within a transaction: take the second set's rows for `tables`; add its rows to those in `keep`.

        From then on statements work on the first set again.
        """

    def run(self, name: str, parameters: Sequence[object] = ()) -> None:
        """Execute one of the statements of `sql/`."""

    def rows(self, name: str, parameters: Sequence[object] = ()) -> list[Row]:
        """What one of the statements of `sql/` selects."""

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Execute a statement."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """What a statement selects."""

    def tables(self) -> set[str]:
        """The tables in the default schema."""

    def drop_temporary(self, names: Iterable[str]) -> None:
        """Drop temporary tables, those that exist; never a permanent one."""

    def stage(self, parts: Sequence[Part]) -> list[Part]:
        """Make the parts ready to be `staging_events` and `batch_songs`, in the place of what these hold.

        Returns the parts that were not read exactly; when there are any, what was staged is not to be used.
        """

    def publish(self, work: Callable[[], T], *, committed: Callable[[], bool]) -> T:
        """As `transact`, with what was staged in the staging tables.

        Raises Inexact when an engine that reads files by itself would bend or refuse some: nothing was changed.
        """

    def reads(self, file: SourceFile, paths: JsonPaths | None) -> bool:
        """Whether the engine reads this log file where it lies, so that it need not come to this machine."""

    def settle(self, added: int, total: int) -> None:
        """After a commit: so many plays were added, so many are there (0 at the end of a run).

        The engine may renew its statistics.
        """

    def plan(self, files: Sequence[SourceFile], paths: JsonPaths | None) -> list[str]:
        """What a load would send to bring these files of a batch into staging, for people; nothing is sent."""

    def plan_of_transform(self) -> list[str]:
        """What every batch sends after that."""

    def append(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows to a table, many at once, within a transaction."""

    def ask(self, sql: str) -> Answer:
        """Answer somebody's query, read-only: no write, no file, no network. Raises UsageError or WarehouseError."""

    def asking(self, *, wait: float | None = None) -> AbstractContextManager[None]:
        """Keep open what `ask` opens, for several questions one after the other. Loads wait meanwhile.

        Waits at most so many seconds for who has it open, or as long as usual.
        """

    def kept(self) -> list[Hashable]:
        """Within `asking`, what `keep` has tables of that are true still, the last used first."""

    def keep(self, key: Hashable, sql: str) -> str | None:
        """Within `asking`, the name of a table that holds what a SELECT gives, for the questions that begin with it.

        It may outlive `asking`, until the warehouse changes. None where there is none; the SELECT is then part of each
        question. Raises as `ask` does when it is cancelled.
        """

    def cancel(self) -> None:
        """End the query that another thread asks just now, which raises UsageError there; may come too late."""

    def version(self) -> object:
        """What is another after tables changed, where that can be told without asking the engine; else None."""

    def is_loading(self) -> bool:
        """Whether a load may be waiting for those who read to let go; False where readers are in nobody's way."""

    def export(self, table: str, path: Path) -> int:
        """Write a table as Parquet; the number of rows."""

    def unload(self, table: str, url: str) -> int | None:
        """Write a table as Parquet into object storage by the engine itself, as objects that begin with `url`.

        The number of rows; None where the engine does not do that.
        """

    def close(self) -> None:
        """Let go of everything."""


_BESIDE = ("", ".wal", ".wal.checkpoint", ".wal.recovery", ".tmp", ".lock", ".spool")
"""How the names end of a DuckDB file, and of what its engine and a load keep beside it."""


def check_not_warehouse(option: str, path: Path, url: str) -> None:
    """Raise UsageError when what is to be written is the warehouse at an address, or belongs to it."""
    if not url.startswith("duckdb:///"):
        return
    file = os.path.realpath(url.removeprefix("duckdb:///"))
    target = Path(os.path.realpath(path))
    own = {Path(file + ending) for ending in _BESIDE}
    with suppress(OSError):
        if path.samefile(file):  # by another name
            own.add(target)
    if own.intersection((target, *target.parents)):
        raise UsageError(f"{option} {path}: belongs to the warehouse, which asking never changes; name another file")


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse at an address; nothing is opened or made yet. Raises UsageError for a wrong address."""
    url = settings.warehouse
    origin = settings.origin("warehouse")
    # Of another address no more than what cannot be a secret.
    shown = f"{origin} {visible(url if url.startswith('duckdb:///') else url.split('@')[-1])}"
    if any(ord(character) < 32 for character in url):
        raise UsageError(f"{shown}: {remark(url, '')}")
    if url.startswith("duckdb:///") and len(url) > len("duckdb:///"):
        from sparkify.warehouse.duckdb import DuckDBWarehouse
        from sparkify.warehouse.duckdb_file import check_place

        path = Path(url.removeprefix("duckdb:///"))
        if path.name == ":memory:":
            raise UsageError(f"{shown}: name a file on disk")
        check_place(path, url, shown)
        return DuckDBWarehouse(
            path,
            wait=settings.wait,
            memory=settings.memory_limit,
            threads=settings.threads,
            spool=settings.spool_dir,
            timeout=settings.timeout,
        )
    if url.startswith("redshift://"):
        from sparkify.warehouse.redshift import RedshiftWarehouse
        from sparkify.warehouse.redshift_address import parse_address

        return RedshiftWarehouse(parse_address(url, origin), settings)
    if url and "://" not in url and "@" not in url and visible(url) == url:
        raise UsageError(f"{shown}: is not the address of a warehouse; {remark(url, f'write duckdb:///{url}')}")
    raise UsageError(
        f"{shown}: is not the address of a warehouse; "
        + remark(url, "use duckdb:///FILE (relative), duckdb:////DIR/FILE (absolute) or redshift://USER@HOST/DATABASE")
    )
