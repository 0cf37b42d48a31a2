"""Where a run reads from: the song data, the log data and the JSONPaths file, each a folder or in a bucket."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from threading import Event
from typing import TYPE_CHECKING

from sparkify.errors import SourceError, UsageError, remedy
from sparkify.source.access import Access, is_remote, local_path, parse
from sparkify.source.compacted import Compacted
from sparkify.source.fields import Kind
from sparkify.source.files import BATCH_FILES, SourceFile
from sparkify.source.folder import Folder
from sparkify.source.jsonpaths import JsonPaths, parse_jsonpaths
from sparkify.source.location import Location
from sparkify.source.single import File
from sparkify.values import remark, visible

if TYPE_CHECKING:
    from sparkify.config import Settings
    from sparkify.source.storage import Storage

PACKED = 20
"""Bytes of a compacted part that one of its files takes at the very least; songs take about 38."""


class Inputs:
    """The locations of a run."""

    def __init__(self, settings: Settings) -> None:
        self.access = settings.access
        given: dict[Kind, str | None] = {"song": settings.song_data, "log": settings.log_data}
        self.locations: dict[Kind, Location] = {
            kind: open_location(location, settings.access, settings.concurrency, settings.skip)
            for kind, location in given.items()
            if location is not None
        }
        self.compacted = {kind: Compacted(location) for kind, location in self.locations.items()}
        self.stopping = Event()
        """Set when the run ends early: what fetches and prepares gives up."""
        self.without: set[Kind] = set()
        """Kinds whose location was listed and holds no data file."""
        self.names: dict[Kind, str] = {"song": settings.origin("song_data"), "log": settings.origin("log_data")}
        """What to call the locations in an error: where their addresses came from."""
        self._jsonpaths = settings.jsonpaths
        self._jsonpaths_name = settings.origin("jsonpaths")
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
            location.check(self.names[kind])
        if len(self.locations) == 2:
            songs, logs = (PurePosixPath(_real(location)) for location in self.locations.values())
            if songs.is_relative_to(logs) or logs.is_relative_to(songs):
                raise UsageError(
                    f"{self.names['song']} and {self.names['log']} overlap; give each kind of file a folder of its own"
                )
        if self._jsonpaths is not None and is_remote(self._jsonpaths):
            address = parse(self._jsonpaths)
            if not address.prefix:
                raise UsageError(f"{self._jsonpaths_name} {address.url}: is a bucket; name the file in it")
        elif self._jsonpaths is not None and os.path.isdir(local_path(self._jsonpaths)):  # noqa: PTH112 - is_dir() raises
            raise UsageError(f"{self._shown_jsonpaths()}: is a folder; name the file in it")
        if "log" in self.locations:
            self.paths()  # now, by one request: before anything is committed

    def files(self) -> Iterator[SourceFile]:
        """Every data file in every location."""
        jsonpaths = self._jsonpaths
        remote = jsonpaths is not None and is_remote(jsonpaths)
        for kind, location in self.locations.items():
            if isinstance(location, Folder):
                mapping = local_path(jsonpaths) if jsonpaths is not None and not remote else None
            else:
                mapping = parse(jsonpaths).url if jsonpaths is not None and remote else None
            self.without.add(kind)
            for file in location.list(kind, mapping):
                self.without.discard(kind)
                yield file

    def counts(self, file: SourceFile) -> int:
        """For how many files one counts when batches are cut: a compacted part holds thousands."""
        if not self.compacted[file.kind].holds(file):
            return 1
        return min(1 + file.size // PACKED, BATCH_FILES)

    def paths(self) -> JsonPaths | None:
        """The JSONPaths file's mapping, None without one; read once, and only when logs are to be read."""
        if self._paths is None and self._jsonpaths is not None:
            self._paths = parse_jsonpaths(self._read_jsonpaths(self._jsonpaths), self._shown_jsonpaths())
        return self._paths

    def _read_jsonpaths(self, jsonpaths: str) -> bytes:
        if not is_remote(jsonpaths):
            shown = self._shown_jsonpaths()
            try:
                return Path(local_path(jsonpaths)).read_bytes()
            except FileNotFoundError as error:
                raise UsageError(f"{shown}: no such file; {remark(jsonpaths, 'check the path')}") from error
            except OSError as error:
                raise UsageError(f"{shown}: cannot be read ({error.strerror}); {remedy(error)}") from error
        from sparkify.source.storage import Storage

        address = parse(jsonpaths)
        with closing(Storage(address.root, self.access)) as self._mapping:
            if self.stopping.is_set():
                self._mapping.stopping.set()
            try:
                return bytes(self._mapping.read(address.prefix))
            except FileNotFoundError as error:
                raise UsageError(f"{self._jsonpaths_name} {address.url}: no such object; check the address") from error
            except SourceError as error:
                raise SourceError(f"{self._jsonpaths_name} {error}") from error

    def _shown_jsonpaths(self) -> str:
        jsonpaths = self._jsonpaths or ""
        return f"{self._jsonpaths_name} {parse(jsonpaths).url if is_remote(jsonpaths) else visible(jsonpaths)}"

    def warnings(self) -> list[str]:
        """What the places had to say, each once; known after listing."""
        found = [warning for each in self.locations.values() for warning in getattr(each, "warnings", ())]
        for kind in sorted(self.without, reverse=True):
            location = self.locations[kind]
            mounted = ", and that its disk is mounted" if isinstance(location, Folder) else ""
            found.append(
                f"{self.names[kind]} {location.url}: holds no data file (*.json, *.jsonl, *.ndjson, plain, .gz or "
                f".zst); check the address{mounted}"
            )
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


def open_location(location: str, access: Access, concurrency: int, skip: Collection[str]) -> Location:
    """The folder, the file or the bucket that an address names; raises UsageError for an address that is none."""
    if not is_remote(location):
        path = local_path(location)
        return File(path, skip) if os.path.isfile(path) else Folder(path, skip)  # noqa: PTH113 - is_file() raises
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
