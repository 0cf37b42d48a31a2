"""Standard input, output and error, in whatever state they come: no command depends on who reads what it says.

A stream may be closed, full, a pipe that nobody reads, or a terminal that went away. What cannot be written is
dropped, and remembered; a descriptor that is not there is opened on nothing, for the next file to be opened
would take its number and then get our messages.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Steady(io.FileIO):
    """A descriptor to write to that never raises: what it does not take is dropped."""

    def __init__(self, descriptor: int, *, missing: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.lost: OSError | None = None
        """Why something that was written did not arrive, the first time; None when all did."""
        self._missing = missing

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            if self._missing:
                raise OSError(errno.EBADF, "it is closed")
            while (written := super().write(data)) is None:  # it does not block, and takes nothing just now
                poll = select.poll()
                poll.register(self.fileno(), select.POLLOUT)
                poll.poll()
        except OSError as error:
            self.lost = self.lost or error
            return memoryview(data).nbytes
        return written


def hold() -> None:
    """Put streams that never fail in the place of the standard ones; the first thing that a process of ours does."""
    missing = [descriptor for descriptor in range(3) if not _is_open(descriptor)]
    for descriptor in missing:
        found = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, so this one
        assert found == descriptor
        os.set_inheritable(descriptor, True)
    if sys.stdin is None or 0 in missing:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = _steady(1, sys.stdout, missing=1 in missing, line_buffering=False)
    sys.stderr = _steady(2, sys.stderr, missing=2 in missing, line_buffering=True)


def lost(stream: TextIO) -> OSError | None:
    """Why something written to one of the streams of `hold` did not arrive; None when all did."""
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    stream.flush()
    return raw.lost if isinstance(raw, Steady) else None


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError as error:
        return error.errno != errno.EBADF
    return True


def _steady(descriptor: int, before: TextIO | None, *, missing: bool, line_buffering: bool) -> TextIO:
    """The stream that writes to a descriptor as the one before did, but for its errors."""
    return io.TextIOWrapper(
        io.BufferedWriter(Steady(descriptor, missing=missing)),
        encoding=before.encoding if before is not None else "utf-8",
        errors="backslashreplace",  # of what the encoding cannot say
        line_buffering=line_buffering or (before.line_buffering if isinstance(before, io.TextIOWrapper) else False),
        write_through=isinstance(before, io.TextIOWrapper) and before.write_through,
    )
