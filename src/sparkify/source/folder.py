"""A local folder as a source."""

from __future__ import annotations

import errno
import glob
import os
import shlex
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkify.errors import SourceError, UsageError
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile, bounded, is_data_name, is_skipped
from sparkify.source.location import MANIFEST, SMALL, Content
from sparkify.source.spool import Spool
from sparkify.values import remark, visible


class Folder:
    """A local folder: listed by walking it, its large plain files read where they lie."""

    def __init__(self, location: str, skip: Collection[str] = ()) -> None:
        self.location = location
        self._skip = skip
        self._dangling: list[str] = []
        self.root = Path(os.path.abspath(location))  # noqa: PTH100 - resolve() follows links and changes the addresses
        self.url = printable(self.root)
        self.compacted: set[str] = set()
        self.empty = False

    def check(self, option: str) -> None:
        shown = f"{option} {visible(self.location)}"
        try:
            os.scandir(self.root).close()
        except FileNotFoundError as error:
            raise UsageError(f"{shown}: no such folder; {remark(self.location, 'check the path')}") from error
        except NotADirectoryError as error:
            what = (
                "is a file; give the folder that holds it" if self.root.exists() else "no such folder; check the path"
            )
            raise UsageError(f"{shown}: {what}") from error
        except OSError as error:
            raise UsageError(f"{shown}: cannot be read ({error.strerror}); {todo(error)}") from error

    def list(self, kind: Kind, jsonpaths: str | None) -> Iterator[SourceFile]:
        mapping = Path(jsonpaths) if jsonpaths is not None else None
        seen: set[tuple[int, int]] = set()
        self._dangling, self.empty = [], True
        for folder, subfolders, names in os.walk(self.root, onerror=self._refuse, followlinks=True):
            try:
                here = os.stat(folder)  # noqa: PTH116
            except OSError as error:
                self._refuse(error)
                continue
            if (here.st_dev, here.st_ino) in seen:  # a link that leads back into the tree
                subfolders.clear()
                continue
            seen.add((here.st_dev, here.st_ino))
            subfolders[:] = [name for name in subfolders if not name.startswith((".", "_"))]
            self.empty = self.empty and not names
            if MANIFEST in names:
                self.compacted.add(printable(Path(folder)))
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - for speed, thousands of times
                if not is_data_name(name):
                    self._look_behind(path)
                    continue
                status = self._look(path)
                if status is None:
                    continue
                if mapping is not None and name == mapping.name and mapping.samefile(path):
                    continue
                url = printable(path)
                raw = os.fsencode(path).hex() if url != path else None
                yield SourceFile(url, status.st_size, bounded(status.st_mtime_ns // 1000), kind, None, raw)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was seen while listing and is not data, though it may have been meant to be."""
        if not self._dangling:
            return ()
        count = len(self._dangling)
        links = "1 link leads" if count == 1 else f"{count:,} links lead"
        return (f"{links} to what is not there, such as {min(self._dangling)}; check that its disk is mounted",)

    def _look(self, path: str) -> os.stat_result | None:
        """What the system knows of a file with something in it; None for anything else."""
        try:
            status = os.stat(path)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):  # gone since it was listed, or a link to nowhere
            if os.path.islink(path) and not self._passes(path):  # noqa: PTH114
                self._dangling.append(printable(path))
            return None
        except OSError as error:
            self._refuse(error)
            return None
        return status if status.st_size and stat.S_ISREG(status.st_mode) else None

    def _look_behind(self, path: str) -> None:
        """A link that is no data may lead to a folder of data, if only one could see what is behind it."""
        if not os.path.islink(path) or os.path.basename(path).startswith((".", "_")):  # noqa: PTH114, PTH119
            return
        try:
            os.stat(path)  # noqa: PTH116
        except OSError as error:
            if error.errno != errno.ELOOP:  # nothing at all is behind a circle
                self._look(path)

    def _refuse(self, error: OSError) -> None:
        """Raise SourceError for what cannot be looked at, unless it is gone meanwhile, or --skip names it."""
        path = os.fspath(error.filename)
        if not isinstance(error, FileNotFoundError) and not self._passes(path) and not self._passes(f"{path}/"):
            raise unreadable(printable(path), error)

    def _passes(self, path: str) -> bool:
        return bool(self._skip) and is_skipped(printable(path), self._skip)

    def fetch(self, files: Iterable[SourceFile], spool: Spool) -> Iterator[Content]:  # noqa: ARG002
        for file in files:
            try:
                with reading(file):
                    yield _content(file)
            except FileNotFoundError:
                yield Content(file)

    def read(self, url: str) -> bytes:
        try:
            return Path(url).read_bytes()
        except OSError as error:
            raise SourceError(f"{url}: cannot be read ({error.strerror}); check the path") from error

    def stop(self) -> None: ...

    def close(self) -> None: ...


def _content(file: SourceFile) -> Content:
    """A small plain file's bytes; otherwise the path of the file itself."""
    if not file.suffix and file.size <= SMALL:
        data = file.path.read_bytes()
        if len(data) <= SMALL:
            return Content(file, data=data)
    path = file.path
    with path.open("rb"):
        return Content(file, path=path)


@contextmanager
def reading(file: SourceFile) -> Iterator[None]:
    """Turn what the system says of a source file into our error; a file that is gone stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(file.url, error) from error


def unreadable(url: str, error: OSError) -> SourceError:
    """What to say of something below a location that the system does not let us read."""
    pattern = shlex.quote(glob.escape(url.rpartition("/")[2]))
    return SourceError(
        f"{url}: cannot be read ({error.strerror or error}); {todo(error)}, or pass it over with --skip {pattern}"
    )


def todo(error: OSError) -> str:
    """What to do about a file or folder that the system does not let us read."""
    if error.errno == errno.ELOOP:
        return "mend the link, which leads in a circle"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "check its permissions"
    return "check the path, and the disk that it lies on"


def printable(path: Path | str) -> str:
    r"""The path as text that any table and terminal can hold; bytes that are no UTF-8 are written `\\xNN`."""
    text = os.fspath(path)
    if text.isascii():
        return text
    return os.fsencode(text).decode("utf-8", "backslashreplace")
