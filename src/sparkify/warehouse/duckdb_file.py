"""A DuckDB file as it is opened: one process writes it, or several read it, and whoever finds it held waits a while."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from sparkify.errors import SparkifyError, WarehouseError, WarehouseInUse
from sparkify.warehouse.local import first_line

T = TypeVar("T")

RETRY_SECONDS = 0.05
"""Seconds after which whoever waits for the file, or for the lock beside it, tries again."""


def real(path: Path) -> Path:
    """Where a path leads to; `Path.resolve` raises when links lead around in a circle."""
    return Path(os.path.realpath(path))


def opened(attempt: Callable[[], T], url: str, wait: float) -> T:
    """What an attempt to open the file gives; repeated for so many seconds while another process has it.

    Raises WarehouseInUse when it has it still, WarehouseError when the file cannot be opened at all.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            return attempt()
        except duckdb.Error as error:
            if not _is_lock(error) or time.monotonic() >= deadline:
                raise _opening_error(url, error) from error
            time.sleep(RETRY_SECONDS)


def _is_lock(error: duckdb.Error) -> bool:
    return "lock on file" in str(error) or "already attached" in str(error).lower()


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
