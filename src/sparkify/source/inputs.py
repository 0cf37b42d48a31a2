"""Where a run reads from: the song data, the log data and the JSONPaths file, each a folder or in a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from threading import Event
from typing import TYPE_CHECKING

from sparkify.errors import SourceError, UsageError
from sparkify.source.access import Access, is_remote, local_path, parse
from sparkify.source.compacted import Compacted
from sparkify.source.fields import Kind
from sparkify.source.files import BATCH_FILES, SourceFile
from sparkify.source.folder import Folder
from sparkify.source.jsonpaths import JsonPaths, parse_jsonpaths
from sparkify.source.location import Location

if TYPE_CHECKING:
    from sparkify.config import Settings
    from sparkify.source.storage import Storage

_OPTIONS: dict[Kind, str] = {"song": "--song-data", "log": "--log-data"}


PACKED = 20
"""Bytes of a compacted part that one of its files takes at the very least; songs take about 38."""


class Inputs:
    """The locations of a run."""

    def __init__(self, settings: Settings) -> None:
        self.access = settings.access
        given: dict[Kind, str | None] = {"song": settings.song_data, "log": settings.log_data}
        self.locations: dict[Kind, Location] = {
            kind: open_location(location, settings.access, settings.concurrency)
            for kind, location in given.items()
            if location is not None
        }
        self.compacted = {kind: Compacted(location) for kind, location in self.locations.items()}
        self.stopping = Event()
        """Set when the run ends early: what fetches and prepares gives up."""
        self._jsonpaths = settings.jsonpaths
        self._paths: JsonPaths | None = None
        self._mapping: Storage | None = None

    def check(self) -> None:
        """Raise UsageError unless every location given is there, and they do not overlap."""
        if not self.locations:
            raise UsageError(
                "nothing to load: give --song-data and --log-data (or one of them), "
                "or set song_data and log_data in sparkify.toml"
            )
        for kind, location in self.locations.items():
            location.check(_OPTIONS[kind])
        if len(self.locations) == 2:
            songs, logs = (PurePosixPath(_real(location)) for location in self.locations.values())
            if songs.is_relative_to(logs) or logs.is_relative_to(songs):
                raise UsageError("--song-data and --log-data overlap; give each kind of file a folder of its own")
        if self._jsonpaths is not None and is_remote(self._jsonpaths):
            address = parse(self._jsonpaths)
            if not address.prefix:
                raise UsageError(f"--jsonpaths {address.url}: is a bucket; name the file in it")
        elif self._jsonpaths is not None:
            path = Path(local_path(self._jsonpaths))
            if not os.path.isfile(path):  # noqa: PTH113 - `Path.is_file` raises for a name that is too long
                raise UsageError(f"--jsonpaths {self._jsonpaths}: no such file; check the path")
            if "log" in self.locations:
                self.paths()

    def files(self) -> Iterator[SourceFile]:
        """Every data file in every location."""
        jsonpaths = self._jsonpaths
        remote = jsonpaths is not None and is_remote(jsonpaths)
        for kind, location in self.locations.items():
            if isinstance(location, Folder):
                mapping = local_path(jsonpaths) if jsonpaths is not None and not remote else None
            else:
                mapping = parse(jsonpaths).url if jsonpaths is not None and remote else None
            yield from location.list(kind, mapping)

    def counts(self, file: SourceFile) -> int:
        """For how many files one counts when batches are cut: a compacted part holds thousands."""
        if not self.compacted[file.kind].holds(file):
            return 1
        return min(1 + file.size // PACKED, BATCH_FILES)

    def paths(self) -> JsonPaths | None:
        """The JSONPaths file's mapping, None without one; read once, and only when logs are to be read."""
        if self._paths is None and self._jsonpaths is not None:
            shown = parse(self._jsonpaths).url if is_remote(self._jsonpaths) else self._jsonpaths
            self._paths = parse_jsonpaths(self._read_jsonpaths(self._jsonpaths), shown)
        return self._paths

    def _read_jsonpaths(self, jsonpaths: str) -> bytes:
        if not is_remote(jsonpaths):
            try:
                return Path(local_path(jsonpaths)).read_bytes()
            except OSError as error:
                raise UsageError(
                    f"--jsonpaths {jsonpaths}: cannot be read ({error.strerror}); check the path"
                ) from error
        from sparkify.source.storage import Storage

        address = parse(jsonpaths)
        with closing(Storage(address.root, self.access)) as self._mapping:
            if self.stopping.is_set():
                self._mapping.stopping.set()
            try:
                return bytes(self._mapping.read(address.prefix))
            except FileNotFoundError as error:
                raise UsageError(f"--jsonpaths {address.url}: no such object; check the address") from error
            except SourceError as error:
                raise SourceError(f"--jsonpaths {error}") from error

    def warnings(self) -> list[str]:
        """What the stores had to say, each once."""
        found = (warning for each in self.locations.values() for warning in getattr(each, "warnings", ()))
        return list(dict.fromkeys(found))

    def stop(self) -> None:
        """Make what fetches and prepares in other threads give up."""
        self.stopping.set()
        if self._mapping is not None:
            self._mapping.stopping.set()
        for location in self.locations.values():
            location.stop()

    def close(self) -> None:
        """Let go of connections."""
        for location in self.locations.values():
            location.close()


def open_location(location: str, access: Access, concurrency: int) -> Location:
    """The folder or the bucket that an address names; raises UsageError for an address that is none."""
    if not is_remote(location):
        return Folder(local_path(location))
    from sparkify.source.bucket import Bucket

    return Bucket(location, access, concurrency)


@contextmanager
def open_inputs(settings: Settings) -> Iterator[Inputs]:
    """The locations of a run, closed afterwards; raises UsageError for an address that is none."""
    inputs = Inputs(settings)
    try:
        yield inputs
    finally:
        inputs.close()


def _real(location: Location) -> str:
    return str(location.root.resolve()) if isinstance(location, Folder) else location.url
