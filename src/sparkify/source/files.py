"""Source files: listing a location, and deciding by the ledger which of them are new or changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from sparkify.errors import SourceError, UsageError
from sparkify.source.fields import Kind

DATA_SUFFIXES = (".json", ".jsonl", ".ndjson")
COMPRESSED_SUFFIXES = (".gz", ".zst")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a timestamp of the ledger can hold on its way through Python: years 1 to 9999.
_FIRST_TIME = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_TIME = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the source, as listed."""

    url: str
    """Full address; for a local file its absolute path."""
    path: Path
    """Where its bytes are read from."""
    size: int
    """Bytes as stored, before decompression."""
    modified: int
    """Time of change in microseconds since the epoch, UTC; the ledger keeps no more than that."""
    kind: Kind
    etag: str | None = None
    """None for a local file: size and time of change stand in for it."""

    @property
    def modified_at(self) -> datetime:
        """Time of change as a naive UTC timestamp, as the ledger holds it."""
        return (_EPOCH + timedelta(microseconds=self.modified)).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a file: its latest version."""

    etag: str | None
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What a location holds, told apart by the ledger."""

    new: tuple[SourceFile, ...]
    changed: tuple[SourceFile, ...]
    skipped: tuple[SourceFile, ...]
    """Passed over because of --skip, whatever the ledger knows."""
    unchanged: int

    @property
    def discovered(self) -> int:
        """Data files found, whatever becomes of them."""
        return len(self.new) + len(self.changed) + len(self.skipped) + self.unchanged

    @property
    def pending(self) -> list[SourceFile]:
        """What a load has to read, in the order in which batches take it: time of change, then name."""
        return sorted(self.new + self.changed, key=lambda file: (file.modified, file.url))


def check_locations(song_data: str | None, log_data: str | None, jsonpaths: str | None) -> None:
    """Raise UsageError unless every location given is a folder that exists, and they do not overlap."""
    if song_data is None and log_data is None:
        raise UsageError(
            "nothing to load: give --song-data and --log-data (or one of them), "
            "or set song_data and log_data in sparkify.toml"
        )
    folders: dict[str, Path] = {}
    for option, location in (("--song-data", song_data), ("--log-data", log_data)):
        if location is None:
            continue
        if "://" in location:
            raise UsageError(f"{option} {location}: this version reads local folders only; give a folder")
        path = Path(location)
        if not path.exists():
            raise UsageError(f"{option} {location}: no such folder; check the path")
        if not path.is_dir():
            raise UsageError(f"{option} {location}: is a file; give the folder that holds it")
        folders[option] = path.resolve()
    if len(folders) == 2:
        songs, logs = folders["--song-data"], folders["--log-data"]
        if songs.is_relative_to(logs) or logs.is_relative_to(songs):
            raise UsageError("--song-data and --log-data overlap; give each kind of file a folder of its own")
    if jsonpaths is not None and not Path(jsonpaths).is_file():
        raise UsageError(f"--jsonpaths {jsonpaths}: no such file; check the path")


def list_folder(location: str, kind: Kind, jsonpaths: str | None = None) -> Iterator[SourceFile]:
    """Every data file below a local folder; hidden names, empty files and the JSONPaths file are no data.

    Raises SourceError when a folder or file cannot be looked at.
    """
    root = Path(os.path.abspath(location))  # noqa: PTH100 - resolve() would follow links and change the addresses
    mapping = Path(jsonpaths) if jsonpaths is not None else None
    seen: set[tuple[int, int]] = set()

    def fail(error: OSError) -> None:
        raise SourceError(f"{error.filename}: cannot be listed ({error.strerror}); check its permissions")

    for folder, subfolders, names in os.walk(root, onerror=fail, followlinks=True):
        here = os.stat(folder)  # noqa: PTH116
        if (here.st_dev, here.st_ino) in seen:  # a link that leads back into the tree
            subfolders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        subfolders[:] = [name for name in subfolders if not name.startswith((".", "_"))]
        for name in names:
            if not is_data_name(name):
                continue
            path = Path(folder, name)
            try:
                status = path.stat()
            except FileNotFoundError:  # gone since it was listed, or a link to nowhere: not there to load
                continue
            except OSError as error:
                raise SourceError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
            if status.st_size == 0 or not stat.S_ISREG(status.st_mode):
                continue
            if mapping is not None and name == mapping.name and path.samefile(mapping):
                continue
            modified = min(max(status.st_mtime_ns // 1000, _FIRST_TIME), _LAST_TIME)
            yield SourceFile(printable(path), path, status.st_size, modified, kind)


def is_data_name(name: str) -> bool:
    """Whether a file of this name is data: `*.json`, `*.jsonl`, `*.ndjson`, plain, `.gz` or `.zst`."""
    if name.startswith((".", "_")):
        return False
    for suffix in COMPRESSED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name.endswith(DATA_SUFFIXES)


def printable(path: Path) -> str:
    r"""The path as text that any table and terminal can hold; bytes that are no UTF-8 are written `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def compare(files: Iterable[SourceFile], ledger: dict[str, Known], skip: Collection[str] = ()) -> Listing:
    """Tell new and changed files from those that are loaded, by etag, or else by size and time of change."""
    new: list[SourceFile] = []
    changed: list[SourceFile] = []
    skipped: list[SourceFile] = []
    unchanged = 0
    for file in files:
        known = ledger.get(file.url)
        if any(_matches(file, pattern) for pattern in skip):
            skipped.append(file)
        elif known is None:
            new.append(file)
        elif _same(file, known):
            unchanged += 1
        else:
            changed.append(file)
    return Listing(tuple(new), tuple(changed), tuple(skipped), unchanged)


def _same(file: SourceFile, known: Known) -> bool:
    if file.etag is not None and known.etag is not None:
        return file.etag == known.etag
    return (file.size, file.modified) == (known.size, known.modified)


def _matches(file: SourceFile, pattern: str) -> bool:
    """Whether a --skip pattern names the file: its whole address, the end of it, or its name."""
    return fnmatchcase(file.url, pattern) or fnmatchcase(file.url, f"*/{pattern}")


def batches(files: Iterable[SourceFile], batch_bytes: int) -> Iterator[list[SourceFile]]:
    """Cut the files into batches of at most `batch_bytes` stored bytes; a larger file is a batch of its own."""
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        if batch and size + file.size > batch_bytes:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
