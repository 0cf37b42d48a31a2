"""Where a run reads from: the song data, the log data and the JSONPaths file, each a folder or in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from threading import Event
from typing import TYPE_CHECKING

from sparkify.errors import SourceError, UsageError
from sparkify.source.access import is_remote, local_path, parse
from sparkify.source.compacted import Compacted
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile
from sparkify.source.folder import Folder
from sparkify.source.jsonpaths import JsonPaths, parse_jsonpaths
from sparkify.source.location import Location

if TYPE_CHECKING:
    from sparkify.config import Settings

_OPTIONS: dict[Kind, str] = {"song": "--song-data", "log": "--log-data"}


class Inputs:
    """The locations of a run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.access = settings.access
        given: dict[Kind, str | None] = {"song": settings.song_data, "log": settings.log_data}
        self.locations: dict[Kind, Location] = {
            kind: self._open(location) for kind, location in given.items() if location is not None
        }
        self.compacted = {kind: Compacted(location) for kind, location in self.locations.items()}
        self.stopping = Event()
        """Set when the run ends early: what fetches and prepares gives up."""
        self._jsonpaths = settings.jsonpaths
        self._paths: JsonPaths | None = None

    def _open(self, location: str) -> Location:
        if not is_remote(location):
            return Folder(local_path(location))
        from sparkify.source.bucket import Bucket

        return Bucket(location, self.access, self._settings.concurrency)

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
        if self._jsonpaths is not None and not is_remote(self._jsonpaths):
            path = Path(local_path(self._jsonpaths))
            if not path.is_file():
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
        from sparkify.source.bucket import Bucket

        folder, _, name = parse(jsonpaths).url.rpartition("/")
        bucket = Bucket(folder, self.access, 1)
        try:
            return bucket.read(f"{bucket.url}/{name}")
        except SourceError as error:
            raise UsageError(f"--jsonpaths {error}") from error
        finally:
            bucket.close()

    def warnings(self) -> list[str]:
        """What the stores had to say, each once."""
        found = (warning for each in self.locations.values() for warning in getattr(each, "warnings", ()))
        return list(dict.fromkeys(found))

    def stop(self) -> None:
        """Make what fetches and prepares in other threads give up."""
        self.stopping.set()
        for location in self.locations.values():
            location.stop()

    def close(self) -> None:
        """Let go of connections."""
        for location in self.locations.values():
            location.close()


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
