"""Write the star schema as Parquet, one file a table; Redshift writes into object storage by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

from sparkify.errors import UsageError
from sparkify.source.access import Access, is_remote, local_path
from sparkify.source.target import Target, open_target
from sparkify.source.writing import named
from sparkify.sql_queries import STAR
from sparkify.warehouse import Warehouse, check_not_warehouse


def export_star(
    reading: AbstractContextManager[Warehouse], place: str, access: Access
) -> Iterator[tuple[str, int, str]]:
    """Write each table to a folder or a prefix in object storage; gives its name, its rows and where they are.

    `reading` opens the warehouse, for no longer than it takes. Raises UsageError, SourceError or WarehouseError.
    """
    with closing(open_target(place, access)) as target, ExitStack() as stack:
        target.check("DIR")
        with reading as warehouse:
            if warehouse.engine == "redshift" and is_remote(place):
                yield from _unload(warehouse, target)
                return
            folder = stack.enter_context(target.scratch())
            inside = stack.enter_context(named(folder))
            made = [(table, warehouse.export(table, inside / f"{table}.parquet")) for table in STAR]
        # Written where they belong when the database is free again: that may take as long as an upload.
        for table, rows in made:
            target.take(f"{table}.parquet", folder / f"{table}.parquet")
            yield table, rows, f"{target.url}/{table}.parquet"


def check_place(place: str, url: str) -> None:
    """Raise UsageError when a file of an export would take the place of the warehouse at an address."""
    if not is_remote(place):
        for table in STAR:
            check_not_warehouse("DIR", Path(local_path(place), f"{table}.parquet"), url)


def _unload(warehouse: Warehouse, target: Target) -> Iterator[tuple[str, int, str]]:
    """Let the engine write. Nobody's files are replaced: what an export wrote before, its owner may remove."""
    there = next((name for name in target.names() if name.split("/", maxsplit=1)[0] in STAR), None)
    if there is not None:
        raise UsageError(f"DIR {target.url}: holds {there} already; name an empty prefix, such as one for each day")
    for table in STAR:
        url = f"{target.url.rstrip('/')}/{table}/"
        rows = warehouse.unload(table, url)
        assert rows is not None
        yield table, rows, url
