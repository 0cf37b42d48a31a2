"""Where files are written to: a local folder or a prefix in object storage, by the same calls."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import NoReturn, Protocol

from sparkify.errors import SourceError, UsageError, remedy
from sparkify.source.access import Access, is_remote, local_path, parse
from sparkify.source.spool import scratch, temporary
from sparkify.source.writing import put


class Target(Protocol):
    """A place to write to; names are relative to it, with slashes."""

    url: str
    """Its address, without secrets."""

    def check(self, option: str) -> None:
        """Raise UsageError or SourceError when it can be seen that nothing can be written there."""

    def write(self, name: str, data: bytes | Path, *, only_new: bool = False) -> None:
        """Write a file, whole or not at all; with `only_new` raises FileExistsError when there is one."""

    def take(self, name: str, path: Path) -> None:
        """Move a file made in `scratch` here, whole or not at all; one of that name is replaced."""

    def scratch(self) -> AbstractContextManager[Path]:
        """A local folder in which to make files for here, removed afterwards."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None when it is not there."""

    def names(self) -> Iterator[str]:
        """Every file in it, hidden ones too."""

    def delete(self, names: Sequence[str]) -> None:
        """Remove files, those that are there."""

    def stop(self) -> None:
        """Make writes in other threads give up: whoever waits for another try raises."""

    def close(self) -> None:
        """Let go of connections."""


def open_target(location: str, access: Access) -> Target:
    """The place that an address names; raises UsageError for an address that is none."""
    return BucketTarget(location, access) if is_remote(location) else FolderTarget(local_path(location))


class FolderTarget:
    """A local folder, made when the first file is written."""

    def __init__(self, location: str) -> None:
        self.url = os.path.abspath(location)  # noqa: PTH100 - resolve() follows links and changes the addresses
        self._root = Path(location)

    def check(self, option: str) -> None:
        try:
            found = self._root.stat()
        except FileNotFoundError:  # made when it is needed
            return
        except OSError as error:
            raise UsageError(
                f"{option} {self._root}: cannot be looked at ({error.strerror}); {remedy(error)}"
            ) from error
        if not stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{option} {self._root}: is a file; name a folder")

    def write(self, name: str, data: bytes | Path, *, only_new: bool = False) -> None:
        path = self._root / name
        part = path.with_name(f".{path.name}.{token_hex(4)}.part")
        with _writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _writing(path, FileExistsError):
            try:
                if isinstance(data, Path):
                    shutil.copyfile(data, part)
                else:
                    part.write_bytes(data)
                if only_new:
                    os.link(part, path)  # fails, in one step, when there is one
                else:
                    part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def take(self, name: str, path: Path) -> None:
        place = self._root / name
        if place.is_symlink():  # stays a link
            put(place, lambda made: shutil.copyfile(path, made))
            return
        with _writing(place):
            path.replace(place)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        # Within the folder, so that what is made can be moved in one step; hidden, so that no loader reads it.
        with _writing(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
        with scratch(self._root) as folder:
            yield folder

    def read(self, name: str) -> bytes | None:
        path = self._root / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(f"{path}: cannot be read ({error.strerror}); {remedy(error)}") from error

    def names(self) -> Iterator[str]:
        def fail(error: OSError) -> NoReturn:
            raise SourceError(f"{error.filename}: cannot be listed ({error.strerror}); {remedy(error)}")

        if not self._root.exists():
            return
        for folder, _, names in os.walk(self._root, onerror=fail):
            for name in names:
                yield Path(folder, name).relative_to(self._root).as_posix()

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            with suppress(FileNotFoundError), _writing(self._root / name, FileNotFoundError):
                (self._root / name).unlink()

    def stop(self) -> None: ...

    def close(self) -> None: ...


class BucketTarget:
    """A prefix in object storage."""

    def __init__(self, location: str, access: Access) -> None:
        from sparkify.source.storage import Storage

        address = parse(location)
        self.url = address.url
        self._prefix = address.prefix
        self._storage = Storage(address.root, access)

    @property
    def warnings(self) -> list[str]:
        """What the store had to say, such as that there are no credentials."""
        return self._storage.warnings

    def check(self, option: str) -> None:
        self._storage.check(self._prefix, option)

    def write(self, name: str, data: bytes | Path, *, only_new: bool = False) -> None:
        self._storage.write(self._key(name), data, only_new=only_new)

    def take(self, name: str, path: Path) -> None:
        self._storage.write(self._key(name), path)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        with scratch(temporary()) as folder:
            yield folder

    def read(self, name: str) -> bytes | None:
        try:
            return bytes(self._storage.read(self._key(name)))
        except FileNotFoundError:
            return None

    def names(self, below: str = "") -> Iterator[str]:
        """Every object in it, or in a folder of it."""
        for page in self._storage.pages(self._key(below).rstrip("/") if below else self._prefix):
            for each in page:
                yield each.key[len(self._prefix) + 1 if self._prefix else 0 :]

    def delete(self, names: Sequence[str]) -> None:
        self._storage.delete([self._key(name) for name in names])

    def stop(self) -> None:
        self._storage.stopping.set()

    def close(self) -> None:
        self._storage.close()

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


@contextmanager
def written_file(location: str, access: Access, option: str) -> Iterator[Path]:
    """The path at which to write one file for a location: its own, or one from which it goes into object storage.

    Raises UsageError or SourceError before anything is written where it can be seen that nothing can be.
    """
    if not is_remote(location):
        yield Path(local_path(location))
        return
    address = parse(location)
    folder, _, name = address.prefix.rpartition("/")
    if not name or location.endswith("/"):
        raise UsageError(f"{option} {address.url}: names no file; write it as {address.root}/folder/file")
    with closing(BucketTarget(f"{address.root}/{folder}".rstrip("/"), access)) as target, target.scratch() as scratch:
        target.check(option)
        yield scratch / name
        if (scratch / name).exists():
            target.take(name, scratch / name)


def upload(folder: Path, target: Target, concurrency: int, done: Callable[[int], None] = lambda _: None) -> None:
    """Write every file below a folder to the target, under the same names; `done` is told the bytes of each."""

    def put(path: Path) -> None:
        target.write(path.relative_to(folder).as_posix(), path)
        done(path.stat().st_size)

    paths = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    with ThreadPoolExecutor(concurrency, thread_name_prefix="upload") as pool:
        under_way: set[Future[None]] = set()
        try:
            for path in paths:
                under_way.add(pool.submit(put, path))
                if len(under_way) >= 4 * concurrency:
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    for each in ended:
                        each.result()
            for each in as_completed(under_way):
                each.result()
        except BaseException:
            target.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _writing(path: Path, *expected: type[OSError]) -> Iterator[None]:
    """Turn what the system says of a file that cannot be written into our error, but for what the caller expects."""
    try:
        yield
    except OSError as error:
        if isinstance(error, expected):
            raise
        raise SourceError(f"{path}: cannot be written ({error.strerror}); {remedy(error)}") from error
