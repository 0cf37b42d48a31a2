"""A local folder as a source."""

from __future__ import annotations

import errno
import glob
import os
import shlex
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sparkify.errors import SourceError, UsageError, remedy
from sparkify.names import as_path, as_text
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile, bounded, is_data_name, is_skipped
from sparkify.source.location import MANIFEST, SMALL, Content, check_no_pattern
from sparkify.source.spool import Spool
from sparkify.values import remark, visible


class Folder:
    """A local folder: listed by walking it, its large plain files read where they lie."""

    def __init__(self, location: str, skip: Collection[str] = ()) -> None:
        self.location = location
        self._skip = skip
        self._dangling: list[str] = []
        self.root = Path(os.path.abspath(location))  # noqa: PTH100 - resolve() follows links and changes the addresses
        self.url = as_text(self.root)
        self.compacted: set[str] = set()
        self.empty = False

    def check(self, option: str) -> None:
        shown = f"{option} {visible(self.location)}"
        try:
            os.scandir(self.root).close()
        except FileNotFoundError as error:
            check_no_pattern(shown, self.location)
            raise UsageError(f"{shown}: no such folder; {remark(self.location, 'check the path')}") from error
        except NotADirectoryError as error:
            what = (
                "is neither a folder nor a file; give one of them"
                if self.root.exists()
                else "no such folder; check the path"
            )
            raise UsageError(f"{shown}: {what}") from error
        except OSError as error:
            raise UsageError(f"{shown}: cannot be read ({error.strerror}); {remedy(error)}") from error

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
            subfolders[:] = [
                name for name in subfolders if not name.startswith((".", "_")) and not is_left_over(name, names)
            ]
            self.empty = self.empty and not names
            if MANIFEST in names:
                self.compacted.add(as_text(Path(folder)))
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - for speed, thousands of times
                if not is_data_name(name):
                    self._look_behind(path)
                    continue
                status = self._look(path)
                if status is None:
                    continue
                if mapping is not None and name == mapping.name and _is_same(mapping, path):
                    continue
                raw = raw_path(path)
                yield SourceFile(as_text(path), status.st_size, bounded(status.st_mtime_ns // 1000), kind, None, raw)

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
                self._dangling.append(as_text(path))
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
            raise unreadable(as_text(path), error)

    def _passes(self, path: str) -> bool:
        return bool(self._skip) and is_skipped(as_text(path), self._skip)

    def fetch(self, files: Iterable[SourceFile], spool: Spool) -> Iterator[Content]:  # noqa: ARG002
        for file in files:
            try:
                with reading(file):
                    yield _content(file)
            except FileNotFoundError:
                yield Content(file)

    def read(self, url: str) -> bytes:
        try:
            return as_path(url).read_bytes()
        except OSError as error:
            raise SourceError(f"{url}: cannot be read ({error.strerror}); {remedy(error)}") from error

    def stop(self) -> None: ...

    def close(self) -> None: ...


def is_left_over(folder: str, beside: Sequence[str]) -> bool:
    """Whether a folder is what a run of an earlier version left when it was killed: it holds copies of data.

    `beside` are the files of the folder that it lies in.
    """
    warehouse = folder.removesuffix(".spool")
    if warehouse != folder:
        return warehouse in beside or f"{warehouse}.lock" in beside
    return folder.startswith("sparkify-") and folder.endswith(".scratch")


def _is_same(mapping: Path, path: str) -> bool:
    try:
        return mapping.samefile(path)
    except OSError:  # one of them is gone; reading it tells
        return False


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
        f"{url}: cannot be read ({error.strerror or error}); {remedy(error)}, or pass it over with --skip {pattern}"
    )


def raw_path(path: Path | str) -> str | None:
    """The path in hexadecimal where its text is another."""
    return os.fsencode(path).hex() if as_text(path) != os.fspath(path) else None
