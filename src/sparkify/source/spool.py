"""The spool: a folder for what a run writes before the engine reads it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex

import orjson

from sparkify.errors import SourceError, UsageError, remedy
from sparkify.names import is_text

_SCRATCH = ".scratch"
_HELD = ".held"
"""File in a scratch folder that its process holds locked for as long as it lives."""
_HIDDEN = ".files"
"""Folder of a hidden spool, which whoever lists data passes over."""
_OURS = re.compile(r"\.files|room-\d+|spill|[a-z_-]+-\d+\.[a-z.]+")
"""Names at the top of a spool."""


class Spool:
    """Files of one run, removed when it ends; a run that was killed leaves them to the next, which clears them."""

    def __init__(self, folder: Path, *, hidden: bool = False) -> None:
        self._root = folder
        self.folder = folder / _HIDDEN if hidden else folder
        """Where the files are."""
        self._numbers = count()

    def _is_ours(self) -> bool:
        """Whether it is a folder in which everything is named as a run names its files; nobody else's is cleared."""
        try:
            names = os.listdir(self._root)  # noqa: PTH208 - names are all it takes
        except OSError:
            return False
        return not self._root.is_symlink() and all(map(_OURS.fullmatch, names))

    def clear(self) -> None:
        """Remove every file, and the folder."""
        shutil.rmtree(self._root, ignore_errors=True)

    def begin(self) -> None:
        """Make the folder, without what a killed run left in it: whoever appends to a file must find none.

        Raises UsageError when something else has its name, and SourceError.
        """
        if self._is_ours():
            self.clear()
        try:
            self._root.mkdir()
            self.folder.mkdir(exist_ok=True)
        except FileExistsError as error:
            raise UsageError(f"{self._root}: is in the way, and not a run's to remove; move it away") from error
        except OSError as error:
            raise self._unmade(error) from error

    def make(self) -> None:
        """Make the folder, unless it is there."""
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise self._unmade(error) from error

    def _unmade(self, error: OSError) -> SourceError:
        return SourceError(f"{self.folder}: cannot be made ({error.strerror}); {remedy(error)}, or set --spool-dir")

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
        """Say plainly when the system refuses, such as for want of room."""
        try:
            yield
        except OSError as error:
            # Damaged compressed data is an OSError too, without a number.
            if error.errno is not None and (error.filename is None or str(self.folder) in str(error.filename)):
                raise SourceError(
                    f"{self.folder}: cannot be written ({error.strerror}); {remedy(error)} or set --spool-dir, "
                    "nothing of this batch was loaded"
                ) from error
            raise


def temporary() -> Path:
    """The folder for temporary files; raises UsageError when there is none."""
    try:
        folder = Path(tempfile.gettempdir())
    except OSError as error:
        raise UsageError(
            "no folder for temporary files can be written; set TMPDIR or SPARKIFY_SPOOL_DIR to one"
        ) from error
    check_name(folder)
    return folder


def check_name(folder: Path) -> None:
    """Raise UsageError for a folder whose name the engine does not take."""
    if not is_text(folder):
        raise UsageError(
            f"{folder}: is not UTF-8, and the engine opens no other; set TMPDIR or --spool-dir to another folder"
        )


def passing_spool(folder: Path | None) -> Spool:
    """A spool of this process alone, made when the first file is written to it, in a folder or where others look."""
    if folder is not None:
        check_name(folder)
    return Spool((folder or temporary()) / f".sparkify-{os.getpid()}-{token_hex(4)}")


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder of its own within another, removed afterwards; those that killed processes left there go too.

    Raises SourceError when it cannot be made.
    """
    with suppress(OSError):
        for left in (*folder.glob(f".sparkify-*{_SCRATCH}"), *folder.glob(f"sparkify-*{_SCRATCH}")):
            _remove_left(left)
    path, held = _made(folder)
    try:
        yield path / "files"
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _remove_left(scratch: Path) -> None:
    with suppress(OSError), (scratch / _HELD).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(scratch, ignore_errors=True)


def _made(folder: Path) -> tuple[Path, int]:
    """A new scratch folder, and the file that holds it."""
    path: Path | None = None
    held = -1
    try:
        path = Path(tempfile.mkdtemp(prefix=".sparkify-", dir=folder))
        held = os.open(path / _HELD, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
        with suppress(OSError):  # where there are no locks nobody removes what another left
            fcntl.flock(held, fcntl.LOCK_EX)
        # Named so only now that it is held, so that nobody takes it for left behind.
        path = path.rename(path.with_name(path.name + _SCRATCH))
        (path / "files").mkdir()
    except OSError as error:
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)
        if held >= 0:
            os.close(held)
        raise SourceError(f"{folder}: cannot be written ({error.strerror}); {remedy(error)}") from error
    return path, held


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
