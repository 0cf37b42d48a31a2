"""Write the star schema as Parquet, one file a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sparkify.sql_queries import STAR
from sparkify.warehouse import Warehouse


def export_star(warehouse: Warehouse, folder: Path) -> Iterator[tuple[str, Path, int]]:
    """Write each table to a folder, within a session; gives its name, file and rows."""
    for table in STAR:
        path = folder / f"{table}.parquet"
        yield table, path, warehouse.export(table, path)
