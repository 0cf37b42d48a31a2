"""The lock of a load: a file beside the warehouse, which the system lets go when its process dies."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sparkify.errors import SparkifyError, UsageError, WarehouseError, WarehouseInUse, remedy
from sparkify.warehouse.duckdb_file import RETRY_SECONDS

_OPENING = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def lock_of(file: Path) -> Path:
    """Where the lock of a file lies; it is there for as long as a load runs."""
    return file.with_name(file.name + ".lock")


@contextmanager
def locked(file: Path, url: str, wait: float) -> Iterator[None]:
    """Hold a DuckDB file against other loads; waits so many seconds for one that has it.

    Raises WarehouseInUse when it has it still, UsageError when something else has the name of the lock, WarehouseError
    when the system refuses.
    """
    path = lock_of(file)
    lock = _lock(path, url, wait)
    try:
        yield
    finally:
        # Removed while held, so that nobody can have it and then lose it; `_lock` looks for that.
        with suppress(OSError):
            path.unlink()
        os.close(lock)


def _lock(path: Path, url: str, wait: float) -> int:
    deadline = time.monotonic() + wait
    while True:
        try:
            lock = os.open(path, _OPENING, 0o666)
        except OSError as error:
            raise _refused(path, url, "written", error) from error
        try:
            holder = _holder(lock, path)
            if _taken(lock, path):
                return lock
        except OSError as error:
            os.close(lock)
            raise _refused(path, url, "locked", error) from error
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)
        if time.monotonic() >= deadline:
            by = f" (process {holder})" if holder else ""
            raise WarehouseInUse(f"{url}: another load is running{by}; try again when it has ended")
        time.sleep(RETRY_SECONDS)


def _taken(lock: int, path: Path) -> bool:
    """Whether the lock is ours now: not another's, nor removed by the load that held it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(lock), path.stat()):
            return False
    except (BlockingIOError, FileNotFoundError):
        return False
    try:
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
    except OSError:
        path.unlink()
        raise
    return True


def _holder(lock: int, path: Path) -> str:
    """The process that has the lock or had it; raises UsageError for a file that no load has made."""
    found = os.pread(lock, 100, 0).strip(b"\0") if stat.S_ISREG(os.fstat(lock).st_mode) else b"?"
    if found and not found.isdigit():
        raise _not_ours(path)
    return found.decode()


def _not_ours(path: Path) -> UsageError:
    return UsageError(f"{path}: is not the lock of a load, but has its name; move it away")


def _refused(path: Path, url: str, what: str, error: OSError) -> SparkifyError:
    if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
        return _not_ours(path)
    return WarehouseError(f"{url}: cannot be {what} ({path.name} beside it: {error.strerror}); {remedy(error)}")
