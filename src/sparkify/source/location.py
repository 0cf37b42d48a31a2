"""What the loader asks of a place that holds source files, be it a folder or a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sparkify.errors import UsageError
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile
from sparkify.source.spool import Spool

SMALL = 256 << 10
"""Bytes up to which a plain file is joined with others."""
MANIFEST = "sparkify.manifest"
"""Name of the manifest of a compacted location; see `source/compacted.py`."""


@dataclass(frozen=True, slots=True)
class Content:
    """The stored bytes of a file, on this machine: neither data nor path when the file is gone."""

    file: SourceFile
    """In the version that was read, which may be a later one than was listed."""
    data: bytes | None = None
    """Of a small plain file."""
    path: Path | None = None
    """Where the bytes lie otherwise: in the spool, or a local file itself."""


def check_no_pattern(what: str, place: str) -> None:
    """Raise UsageError when a place where nothing is was meant as a pattern."""
    if any(sign in place for sign in "*?["):
        raise UsageError(
            f"{what}: nothing is there, and a location is not a pattern; "
            "give the folder, and --skip for what to leave out"
        )


class Location(Protocol):
    """A place that holds source files."""

    url: str
    """Its address, without secrets."""
    compacted: set[str]
    """Addresses of the folders in it that hold a manifest of ours, known after listing."""

    empty: bool
    """Whether nothing at all is there, as if no such folder were; known after listing."""

    def check(self, option: str) -> None:
        """Raise UsageError, naming the option, unless the location is there and can be listed."""

    def list(self, kind: Kind, jsonpaths: str | None) -> Iterator[SourceFile]:
        """Every data file in it; hidden names, empty files and the JSONPaths file are no data.

        Raises SourceError when something in it cannot be looked at.
        """

    def fetch(self, files: Iterable[SourceFile], spool: Spool) -> Iterator[Content]:
        """The bytes of files listed here, in any order, many at a time; what is large goes into the spool.

        Never a half: length and version are those of the content's file. Raises SourceError.
        """

    def read(self, url: str) -> bytes:
        """The bytes of a file in it that is no data, such as a manifest; raises SourceError."""

    def stop(self) -> None:
        """Make fetches in other threads give up: whoever waits for another try raises."""

    def close(self) -> None:
        """Let go of connections."""
