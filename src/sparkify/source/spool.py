"""The spool: a folder for what a run writes before the engine reads it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import orjson

from sparkify.errors import SourceError

_SCRATCH = ".scratch"
_HELD = ".held"
"""File in a scratch folder that its process holds locked for as long as it lives."""


class Spool:
    """Files of one run, removed when it ends; a run that was killed leaves them to the next, which clears them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count()

    def clear(self) -> None:
        """Remove every file, and the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self) -> None:
        """Make the folder."""
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SourceError(f"{self.folder}: cannot be made ({error.strerror}); check the folder") from error

    def room(self) -> Spool:
        """A spool of its own within this one, such as for a batch: it goes when the batch is committed."""
        self.make()
        return Spool(self.folder / f"room-{next(self._numbers)}")

    def new(self, stem: str, suffix: str = ".json") -> Path:
        """The path of a new file."""
        self.make()
        return self.folder / f"{stem}-{next(self._numbers)}{suffix}"

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Say plainly when the disk is full."""
        try:
            yield
        except OSError as error:
            # Damaged compressed data is an OSError too, without a number.
            if error.errno is not None and (error.filename is None or str(self.folder) in str(error.filename)):
                raise SourceError(
                    f"{self.folder}: cannot be written ({error.strerror}); make room or set --spool-dir, "
                    "nothing of this batch was loaded"
                ) from error
            raise


@contextmanager
def scratch(folder: Path, prefix: str = "sparkify-") -> Iterator[Path]:
    """A folder of its own within another, removed afterwards; those that killed processes left there go too.

    Raises SourceError when it cannot be made.
    """
    for left in folder.glob(f"{prefix}*{_SCRATCH}"):
        with suppress(OSError), (left / _HELD).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    try:
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        held = (made / _HELD).open("wb")
    except OSError as error:
        raise SourceError(f"{folder}: cannot be written ({error.strerror}); check the folder, or make room") from error
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        # Named so only now that it is held, so that nobody takes it for left behind.
        path = made.rename(made.with_name(made.name + _SCRATCH))
        try:
            (path / "files").mkdir()
            yield path / "files"
        finally:
            shutil.rmtree(path, ignore_errors=True)


class LineWriter:
    """Writes one JSON object a line, opening its file with the first."""

    def __init__(self, spool: Spool, stem: str) -> None:
        self._spool, self._stem = spool, stem
        self._lines: list[bytes] = []
        self.path: Path | None = None
        self.rows = 0
        self.bytes = 0

    def write(self, row: Mapping[str, object]) -> None:
        """Add one row; it is on disk after `close`."""
        line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        self._lines.append(line)
        self.rows += 1
        self.bytes += len(line)
        if len(self._lines) >= 10_000:
            self._flush()

    def _flush(self) -> None:
        if self.path is None:
            self.path = self._spool.new(self._stem)
        with self._spool.guard(), self.path.open("ab") as stream:
            stream.writelines(self._lines)
        self._lines.clear()

    def close(self) -> Path | None:
        """The file, or None when no row was written."""
        if self._lines:
            self._flush()
        return self.path
