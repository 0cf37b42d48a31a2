"""Errors that people see: one line that says what is wrong, where, and what to do next.

    SparkifyError            exit 1   failed; batches already committed stay
    ├── UsageError           exit 2   wrong usage or configuration, nothing was opened or changed
    ├── SourceError          exit 1   a source file cannot be listed or read
    ├── TooManyRejects       exit 3   more records rejected than allowed, nothing of the batch loaded
    ├── Unreadable           exit 3   a file is no data file, nothing of the batch loaded
    ├── AuditFailed          exit 4   an audit failed, nothing of the batch loaded
    ├── WarehouseInUse       exit 5   another run holds the warehouse
    └── WarehouseError       exit 1   the engine refused

The exit code lives with the class; `cli.main` is the one place that prints the message and leaves.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.names import shown


class SparkifyError(Exception):
    """Something failed that the user can act upon; the message is complete and fits one line."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(shown(message).split()))


_REMEDIES: dict[str, tuple[int, ...]] = {
    "check its permissions": (errno.EACCES, errno.EPERM),
    "name a place that can be written": (errno.EROFS,),
    "make room": (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "raise the limit of open files (ulimit -n)": (errno.EMFILE, errno.ENFILE),
    "give the process more memory": (errno.ENOMEM, errno.EAGAIN),
    "its links lead around in a circle, check them": (errno.ELOOP,),
    "use a shorter name": (errno.ENAMETOOLONG,),
    "check the path": (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    "its file system has no such thing, use a disk of this machine": (
        errno.ENOLCK,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.EXDEV,
    ),
}


def remedy(error: OSError) -> str:
    """What to do about an error of the system, in a few words."""
    found = (words for words, numbers in _REMEDIES.items() if error.errno in numbers)
    return next(found, "check its disk and run again")


class UsageError(SparkifyError):
    """A wrong option, setting or location; found before anything is changed."""

    exit_code = 2


class SourceError(SparkifyError):
    """A source file or folder cannot be listed or read."""


class WarehouseError(SparkifyError):
    """The engine refused a statement or the warehouse cannot be opened."""

    passing = False
    """Whether it says nothing of the statement, such as when the connection was lost."""
    denied = False
    """Whether the user may not do it."""


class WarehouseInUse(SparkifyError):
    """Another process holds the warehouse and did not let go within the time to wait."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Reject:
    """A source record that cannot be loaded."""

    url: str
    line: int
    """Of the record's first character in the decompressed file, counted from 1."""
    reason: str
    record: str
    """The source text, cut at 1,000 characters."""


class TooManyRejects(SparkifyError):
    """More records could not be loaded than allowed; the batch was rolled back."""

    exit_code = 3

    def __init__(self, rejected: int, allowed: int, first: Reject) -> None:
        self.rejected, self.allowed, self.first = rejected, allowed, first
        records = "record" if rejected == 1 else "records"
        super().__init__(
            f"{first.url}:{first.line}: {first.reason}; {rejected} {records} rejected, {allowed} allowed, "
            f"nothing of this batch was loaded. Mend the file, or pass --max-errors {rejected} to set "
            f"such records aside, or --skip a pattern to pass the file over."
        )


class Unreadable(SparkifyError):
    """Files are named like data and are none; the batch was rolled back, whatever may be set aside."""

    exit_code = 3

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        """`found` has the address of each file, and what it is and what to do about it."""
        self.found = list(found)
        url, what = self.found[0]
        others = f" So are {len(found) - 1} more of this batch." if len(found) > 1 else ""
        super().__init__(f"{url}: {what}, or pass it over with --skip; nothing of this batch was loaded.{others}")


@dataclass(frozen=True, slots=True)
class Violation:
    """What an audit found."""

    rule: str
    """Name of the audit, such as `r1_one_row_per_play`."""
    count: int
    """Rows that break the rule."""
    example: str
    """One of them."""


class AuditFailed(SparkifyError):
    """The data breaks a rule of the warehouse; nothing of the batch was committed."""

    exit_code = 4

    def __init__(self, violations: Sequence[Violation], aftermath: str) -> None:
        self.violations = list(violations)
        found = "; ".join(f"{v.rule}: {v.count} rows, such as {v.example}" for v in violations)
        super().__init__(f"audit failed: {found}. {aftermath}")
