"""The engines behind one small interface, and the addresses that choose between them.

A warehouse knows nothing of the pipeline: it opens, runs statements by name, stages parts and commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sparkify.errors import UsageError

if TYPE_CHECKING:
    from sparkify.config import Settings
    from sparkify.source.parts import Part
    from sparkify.source.spool import Spool
    from sparkify.sql_queries import Engine

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[Row]


def number(value: object) -> int:
    """A whole number that a query gave; engines hand out sums in types of their own."""
    return int(str(value))


class Warehouse(Protocol):
    """What the pipeline asks of an engine."""

    engine: Engine
    url: str
    """Its address, without secrets."""
    spool: Spool

    def exists(self) -> bool:
        """Whether there is a database at the address."""

    def loading(self) -> AbstractContextManager[None]:
        """Hold the warehouse against other loads; raises WarehouseInUse when another one does not end in time."""

    def session(self, *, read_only: bool = False) -> AbstractContextManager[None]:
        """Keep the database open. Others wait meanwhile, so sessions are short; they nest."""

    def transaction(self) -> AbstractContextManager[None]:
        """A session that commits on leaving and rolls back on any exception; does not nest."""

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
        """Fill `staging_events` and `batch_songs` from the parts, replacing what they hold.

        Returns the parts that the engine did not read exactly; when there are any, what was staged is not
        to be used.
        """

    def append(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows to a table, many at once, within a transaction."""

    def ask(self, sql: str) -> Answer:
        """Answer somebody's query, read-only: no write, no file, no network. Raises UsageError or WarehouseError."""

    def export(self, table: str, path: Path) -> int:
        """Write a table as Parquet; the number of rows."""

    def close(self) -> None:
        """Let go of everything."""


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse at an address; nothing is opened or made yet. Raises UsageError for a wrong address."""
    url = settings.warehouse
    if url.startswith("duckdb:///") and len(url) > len("duckdb:///"):
        from sparkify.warehouse.duckdb import DuckDBWarehouse

        path = Path(url.removeprefix("duckdb:///"))
        if path.name == ":memory:" or "?" in str(path):
            raise UsageError(f"--warehouse {url}: name a file on disk, without a question mark in its path")
        if path.is_dir():
            raise UsageError(
                f"--warehouse {url}: is a folder; name a file in it, such as {url.rstrip('/')}/sparkify.duckdb"
            )
        if not path.parent.is_dir():
            raise UsageError(f"--warehouse {url}: there is no folder {path.parent}; make it first")
        return DuckDBWarehouse(
            path, wait=settings.wait, memory=settings.memory_limit, threads=settings.threads, spool=settings.spool_dir
        )
    if url.startswith("redshift://"):
        raise UsageError("--warehouse redshift://…: this version loads into DuckDB only; use duckdb:///FILE")
    raise UsageError(
        f"--warehouse {url.split('@')[-1]}: is no address of a warehouse; use duckdb:///FILE "
        "(relative) or duckdb:////DIR/FILE (absolute)"
    )
