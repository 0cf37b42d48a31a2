"""What commands have in common: settings, a warehouse that is opened and closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sparkify.errors import SparkifyError, UsageError, remedy

if TYPE_CHECKING:
    from sparkify.config import Settings
    from sparkify.sql_queries import Engine
    from sparkify.warehouse import Warehouse


def settings_for(**flags: object) -> Settings:
    """The settings in force; see `config`."""
    from sparkify.config import load_settings

    return load_settings(**flags)


def engine_of(settings: Settings) -> Engine:
    """The engine that an address of a warehouse names; whether the address is one shows when it is opened."""
    return "redshift" if settings.warehouse.startswith("redshift://") else "duckdb"


def refused(error: Exception) -> SparkifyError | None:
    """What to say of an error of the system that nobody was nearer to; None when it is not the system's."""
    engine = sys.modules.get("duckdb")
    if engine is not None and isinstance(error, engine.IOException | engine.OutOfMemoryException):
        return SparkifyError(f"{' '.join(str(error).split())[:300]}; check memory and disk, and run again")
    if isinstance(error, MemoryError):
        return SparkifyError("out of memory; give the process more, or set SPARKIFY_MEMORY lower")
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return SparkifyError(f"{error}; raise the limit of processes (ulimit -u), or set SPARKIFY_THREADS lower")
    if isinstance(error, UnicodeEncodeError):
        return UsageError(f"{error.object}: is not UTF-8; write it anew")
    if isinstance(error, ValueError) and "null byte" in str(error):
        return UsageError("a path holds a NUL, which no name of a file can; check the settings and options")
    return _refused_by_system(error) if isinstance(error, OSError) else None


def _refused_by_system(error: OSError) -> SparkifyError:
    if error.filename is None and _is_nowhere():
        return UsageError("the working folder is gone; change to one that is there")
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    return SparkifyError(f"{where}{error.strerror or error}; {remedy(error)}")


def _is_nowhere() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False


@contextmanager
def file_for(place: str | None, settings: Settings, option: str = "--output") -> Iterator[Path | None]:
    """The path at which to write what is to be at a place, be that in object storage; None for standard output."""
    if place is None:
        yield None
        return
    from sparkify.source.target import written_file

    with written_file(place, settings.access, option) as path:
        yield path


@contextmanager
def opened(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse at the address, closed afterwards."""
    from sparkify.warehouse import open_warehouse

    house = open_warehouse(settings)
    try:
        yield house
    finally:
        house.close()


@contextmanager
def reading(settings: Settings, *, attach: bool = True) -> Iterator[Warehouse]:
    """The warehouse, read-only and with every table there; raises UsageError naming the command to run."""
    from sparkify.create_tables import check_tables

    with opened(settings) as house:
        if not house.exists():
            raise UsageError(f"{house.url}: there is no warehouse; run `sparkify create-tables` or `sparkify etl`")
        with house.session(read_only=True):
            check_tables(house)
            if attach:
                yield house
                return
        yield house
