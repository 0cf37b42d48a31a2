"""Write the star schema as Parquet, one file a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sparkify.errors import SparkifyError
from sparkify.sql_queries import STAR
from sparkify.warehouse import Warehouse


def export_star(warehouse: Warehouse, folder: Path) -> Iterator[tuple[str, Path, int]]:
    """Write each table to `folder`, within a session; gives its name, file and rows.

    A file appears whole or not at all; one of an earlier export is replaced.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SparkifyError(f"{folder}: cannot be made ({error.strerror}); name another folder") from error
    for table in STAR:
        part = folder / f".{table}.parquet.part"
        path = folder / f"{table}.parquet"
        try:
            rows = warehouse.export(table, part)
            part.replace(path)
        except OSError as error:
            raise SparkifyError(f"{path}: cannot be written ({error.strerror}); name another folder") from error
        finally:
            part.unlink(missing_ok=True)
        yield table, path, rows
