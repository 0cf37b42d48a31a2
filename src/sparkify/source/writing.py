"""Answers written to files that people name: whole or not at all, and nothing but a file is ever replaced."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkify.errors import SparkifyError, UsageError, remedy
from sparkify.names import is_text
from sparkify.source.spool import scratch, temporary


def fits(path: Path) -> bool:
    """Whether a path names a file, there or not, in a folder that exists."""
    try:
        return path.absolute().parent.is_dir() and not path.is_dir()
    except OSError:  # such as a name that is too long
        return False


def put(path: Path, write: Callable[[Path], object]) -> None:
    """Let a file be written under another name, then put it where `path` leads to: a link stays a link.

    What is there and no regular file, such as a pipe or a device, is written to. Raises SparkifyError; what `write`
    raises but for OSError is passed on.
    """
    target = Path(os.path.realpath(path))
    try:
        before = target.stat() if target.exists() else None
        if before is not None and not stat.S_ISREG(before.st_mode):
            if stat.S_ISDIR(before.st_mode):
                raise UsageError(f"{path}: is a folder; name a file")
            with scratch(temporary()) as folder:
                write(folder / "made")
                with (folder / "made").open("rb") as made, target.open("wb") as out:
                    shutil.copyfileobj(made, out)
            return
        mode = 0o666 & ~_umask() if before is None else stat.S_IMODE(before.st_mode)
        with named(target.parent) as folder:
            handle, name = tempfile.mkstemp(prefix=".sparkify-", dir=folder)
            os.close(handle)
            made_at = Path(name)
            try:
                write(made_at)
                made_at.chmod(mode)  # mkstemp lets nobody else read it
                made_at.replace(target)
            finally:
                made_at.unlink(missing_ok=True)
    except OSError as error:
        raise SparkifyError(f"{path}: cannot be written ({error.strerror}); {remedy(error)}") from error


@contextmanager
def named(folder: Path) -> Iterator[Path]:
    """A folder under a name that an engine takes: a link, where its own is not UTF-8."""
    if is_text(folder):
        yield folder
        return
    with scratch(temporary()) as place:
        link = place / "link"
        link.symlink_to(folder.absolute(), target_is_directory=True)
        yield link


def _umask() -> int:
    """What new files are not allowed; asking for it means setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
