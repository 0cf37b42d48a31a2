"""What a batch is made of: source files, and the parts in which the engine reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Protocol, cast

from sparkify.errors import Reject
from sparkify.source.compressed import Unpacked, unpacking
from sparkify.source.fields import FIELDS, Field, Kind
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.shape import Shape


@dataclass(slots=True)
class Source:
    """A source file, and where its bytes lie on this machine."""

    file: SourceFile
    path: Path
    offset: int = 0
    """Of its first byte in the file at `path`."""
    bytes: int | None = None
    """None: up to the end."""
    packed: str = ""
    """How the bytes are compressed: `.gz`, `.zst` or not at all."""
    rows: int = 0
    """Records of it that stand in its part, one after the other."""

    @contextmanager
    def open(self) -> Iterator[Unpacked]:
        """Its decompressed bytes."""
        with self.path.open("rb") as raw:
            if self.bytes is None:
                with unpacking(raw, self.packed) as unpacked:
                    yield unpacked
            else:
                raw.seek(self.offset)
                yield cast("Unpacked", BytesIO(raw.read(self.bytes)))


@dataclass(slots=True)
class Part:
    """One file that the engine reads, one JSON object a line."""

    path: Path
    kind: Kind
    names: tuple[str, ...]
    """The field that fills each staging column, in the table's order."""
    by_name: bool
    """True: names match ignoring case, so the engine's exact matching has to be proven right."""
    sources: list[Source] = field(default_factory=list)
    shape: Shape = field(default_factory=Shape)
    trusted: bool = False
    """Written by the exact reader: every value fits its column."""
    in_place: bool = False
    """A log file that the engine reads where it lies; nothing of it is on this machine."""


class Rejects(Protocol):
    """Where records go that cannot be loaded."""

    def add(self, file: SourceFile, reject: Reject) -> None:
        """Set one record aside."""


@dataclass(slots=True)
class Layout:
    """How one kind of file is read."""

    kind: Kind
    paths: JsonPaths | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """The staging columns."""
        return FIELDS[self.kind]

    @property
    def public_names(self) -> tuple[str, ...]:
        """The public field names, in the table's order."""
        return tuple(column.name for column in self.fields)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The fields by which the engine can read the files itself; None when it cannot."""
        return self.public_names if self.paths is None else self.paths.names

    def part(self, path: Path) -> Part:
        """A part for the engine's own reader, which must be able to read the files itself."""
        assert self.names is not None
        return Part(path, self.kind, self.names, by_name=self.paths is None)
