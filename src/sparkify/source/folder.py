"""A local folder as a source."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from sparkify.errors import SourceError, UsageError, remedy
from sparkify.names import as_path, as_text
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile, bounded, is_data_name
from sparkify.source.location import MANIFEST, SMALL, Content
from sparkify.source.spool import Spool


class Folder:
    """A local folder: listed by walking it, its large plain files read where they lie."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.root = Path(os.path.abspath(location))  # noqa: PTH100 - resolve() follows links and changes the addresses
        self.url = as_text(self.root)
        self.compacted: set[str] = set()
        self.empty = False  # a folder that is not there is refused before

    def check(self, option: str) -> None:
        try:
            found = self.root.stat()
        except FileNotFoundError as error:
            raise UsageError(f"{option} {self.location}: no such folder; check the path") from error
        except OSError as error:
            raise UsageError(
                f"{option} {self.location}: cannot be looked at ({error.strerror}); {remedy(error)}"
            ) from error
        if not stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{option} {self.location}: is a file; give the folder that holds it")

    def list(self, kind: Kind, jsonpaths: str | None) -> Iterator[SourceFile]:
        mapping = Path(jsonpaths) if jsonpaths is not None else None
        seen: set[tuple[int, int]] = set()

        def fail(error: OSError) -> NoReturn:
            raise SourceError(f"{error.filename}: cannot be listed ({error.strerror}); {remedy(error)}")

        for folder, subfolders, names in os.walk(self.root, onerror=fail, followlinks=True):
            try:
                here = os.stat(folder)  # noqa: PTH116
            except OSError as error:
                fail(error)
            if (here.st_dev, here.st_ino) in seen:  # a link that leads back into the tree
                subfolders.clear()
                continue
            seen.add((here.st_dev, here.st_ino))
            subfolders[:] = [
                name for name in subfolders if not name.startswith((".", "_")) and not is_left_over(name, names)
            ]
            if MANIFEST in names:
                self.compacted.add(as_text(Path(folder)))
            for name in names:
                if not is_data_name(name):
                    continue
                path = os.path.join(folder, name)  # noqa: PTH118 - for speed, thousands of times
                status = _look(path)
                if status is None:
                    continue
                if mapping is not None and name == mapping.name and _is_same(mapping, path):
                    continue
                url = as_text(path)
                raw = os.fsencode(path).hex() if url != path else None
                yield SourceFile(url, status.st_size, bounded(status.st_mtime_ns // 1000), kind, None, raw)

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


def _look(path: str) -> os.stat_result | None:
    """What the system knows of a file with something in it; None for anything else."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:  # gone since it was listed, or a link to nowhere: not there to load
        return None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); {remedy(error)}") from error
    return status if status.st_size and stat.S_ISREG(status.st_mode) else None


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
        raise SourceError(
            f"{file.url}: cannot be read ({error.strerror or error}); {remedy(error)}, or pass --skip"
        ) from error
