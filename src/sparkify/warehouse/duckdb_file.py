"""A DuckDB file: what lies where its path leads to, and how it is opened.

Everything goes by the file that a path leads to, not by the name of a link. One process writes it, or several read it,
and whoever finds it held waits a while.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from sparkify.errors import SparkifyError, UsageError, WarehouseError, WarehouseInUse, remedy
from sparkify.names import is_text
from sparkify.source.spool import Spool
from sparkify.values import remark
from sparkify.warehouse.local import first_line, no_room

T = TypeVar("T")

RETRY_SECONDS = 0.05
"""Seconds after which whoever waits for the file, or for the lock beside it, tries again."""

_HEADERS = 3 * 4096
"""Bytes that a file begins with; it is made by writing them, 4096 at a time."""
_MAGIC = b"DUCK"
_LONGEST = ".wal.checkpoint"
"""The longest of what is added to the file's name for the names of others beside it."""
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def real(path: Path) -> Path:
    """Where a path leads to; `Path.resolve` raises when links lead around in a circle."""
    return Path(os.path.realpath(path))


def place_of(path: Path) -> Path:
    """Where a path leads to: the path itself, unless a link is on its way, for it may begin below what we may see."""
    file = real(path)
    return path if str(file) == os.path.abspath(path) else file  # noqa: PTH100 - `resolve` follows links


# -- what lies there --------------------------------------------------------------------------------


def check_place(path: Path, url: str, given: str) -> None:
    """Raise UsageError unless a DuckDB file may lie where a path leads to, or can be made there; opens nothing.

    `given` is how messages call it.
    """
    file = place_of(path)
    try:
        mode = _mode(path)
        _mode(file.with_name(file.name + _LONGEST))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(f"{given}: its name is too long; use a shorter one") from error
        raise UsageError(f"{given}: cannot be looked at ({error.strerror}); {remedy(error)}") from error
    if mode is None:
        if not os.path.isdir(file.parent):  # noqa: PTH112 - `Path.is_dir` raises where permission is denied
            raise UsageError(f"{given}: there is no folder {file.parent}; {remark(str(path), 'make it first')}")
    elif stat.S_ISDIR(mode):
        raise UsageError(f"{given}: is a folder; name a file in it, such as {url.rstrip('/')}/sparkify.duckdb")
    elif not stat.S_ISREG(mode):
        raise UsageError(f"{given}: is {_KINDS.get(stat.S_IFMT(mode), 'no file')}; name a file on disk")
    file = real(path)  # as it is opened to be asked
    if "?" in str(file):  # DuckDB takes what follows for options
        raise UsageError(
            f"{given}: its path {file} has a question mark, which DuckDB takes for another thing; name another"
        )
    if not is_text(file):
        raise UsageError(f"{given}: its path is not UTF-8, and DuckDB opens no other; name another file or folder")


def _mode(path: Path) -> int | None:
    """What a path leads to; None when nothing is there."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def is_there(file: Path) -> bool:
    """Whether a database is there: not one whose making was cut short."""
    try:
        return stat.S_ISREG(file.stat().st_mode) and not is_begun(file)
    except OSError:  # opening it tells why
        return os.path.lexists(file)


def is_begun(file: Path) -> bool:
    """Whether a file is one whose making was cut short by a kill: it holds nothing yet, and cannot be opened.

    Raises OSError. Nothing larger is opened for it: to close a file lets go of the locks that DuckDB has on it.
    """
    size = file.stat().st_size
    if size >= _HEADERS:
        return False
    with file.open("rb") as stream:
        head = stream.read(12)
    return not head or head[8:] == _MAGIC


def finish_begun(file: Path, spool: Spool, url: str, storage: str) -> None:
    """Make a database of a file whose making was cut short, or in which there is nothing; any other is left alone.

    `storage` is the format of the new one. The file is written, never removed: its owner and its permissions stay.
    Only for who has its lock. Raises UsageError and WarehouseError.
    """
    log = file.with_name(file.name + ".wal")
    try:
        if not file.exists() or not is_begun(file):
            return
        if log.exists() and log.stat().st_size:
            raise UsageError(f"{url}: is empty, but its log {log} is not; restore the file, or move the log away")
        made = spool.new("empty", ".duckdb")
        duckdb.connect(str(made), config={"storage_compatibility_version": storage}).close()
        with file.open("r+b") as stream:
            stream.write(made.read_bytes())
            os.fsync(stream.fileno())
        made.unlink()
    except OSError as error:
        raise WarehouseError(f"{url}: cannot be written ({error.strerror}); {remedy(error)}") from error
    except duckdb.Error as error:
        raise _opening_error(url, error) from error


# -- opened -----------------------------------------------------------------------------------------


def opened(attempt: Callable[[], T], url: str, wait: float) -> T:
    """What an attempt to open the file gives; repeated for so many seconds while another process has it.

    Raises WarehouseInUse when it has it still, UsageError when the file is none of DuckDB's, WarehouseError when it
    cannot be opened for another reason.
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
        return UsageError(f"{url}: is no DuckDB file that this version can open; name another file ({text[:200]})")
    return WarehouseError(f"{url}: cannot be opened ({text[:300]}){no_room(text)}")


def _holder(error: duckdb.Error) -> str:
    text = str(error)
    start = text.find("PID ")
    return (
        "process " + text[start + 4 :].split(")", maxsplit=1)[0].split(maxsplit=1)[0]
        if start >= 0
        else "process unknown"
    )
