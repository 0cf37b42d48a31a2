"""Small files joined into few: thousands of opens cost the engine more than their bytes."""

from __future__ import annotations

from pathlib import Path

from sparkify.source.files import SourceFile
from sparkify.source.grammar import BOM
from sparkify.source.parts import Layout, Part, Source
from sparkify.source.shape import CHUNK, Shape, measure
from sparkify.source.sidecar import looks_like_sidecar
from sparkify.source.spool import Spool
from sparkify.source.unreadable import is_doubtful

PART = 32 << 20
"""Bytes at which a joined part is full."""


class Joiner:
    """Joins small files, each ending in a newline, into parts; what no part may hold is piled up aside."""

    def __init__(self, layout: Layout, spool: Spool) -> None:
        self.parts: list[Part] = []
        self.doubtful: list[Source] = []
        """Files for the exact reader."""
        self._layout = layout
        self._spool = spool
        self._part: Part | None = None
        self._joined = Pile(spool)
        self._aside: Pile | None = None

    def add(self, file: SourceFile, data: bytes) -> None:
        """Take one file; its bytes are on disk after `finish`."""
        whole, data = data, data.removeprefix(BOM)
        # The engine would take off a second byte order mark, and refuse the whole part where no record begins.
        if self._layout.names is None or is_doubtful(data) or looks_like_sidecar(data):
            self._put_aside(file, whole)
            return
        if self._part is None:
            self._part = self._layout.part(self._spool.new(f"joined-{self._layout.kind}"))
            self._joined = Pile(self._spool, self._part.path, self._part.shape)
        body = data.strip()
        lines = sum(1 for line in body.split(b"\n") if line.strip()) if b"\n" in body else int(bool(body))
        offset = self._joined.add(data)
        self._part.sources.append(Source(file, self._part.path, offset, len(data), rows=lines))
        if self._joined.size >= PART:
            self._finish_part()

    def _put_aside(self, file: SourceFile, data: bytes) -> None:
        if self._aside is None or self._aside.size >= PART:
            self.finish_aside()
            self._aside = Pile(self._spool, self._spool.new("aside"))
        assert self._aside.path is not None
        offset = self._aside.add(data)
        self.doubtful.append(Source(file, self._aside.path, offset, len(data)))

    def _finish_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        self._joined.flush()
        if part.shape.plain:
            self.parts.append(part)
        else:
            self.doubtful.extend(part.sources)

    def finish_aside(self) -> None:
        """Write out what is aside."""
        if self._aside is not None:
            self._aside.flush()

    def finish(self) -> None:
        """Write out everything."""
        self._finish_part()
        self.finish_aside()


class Pile:
    """A file that grows by whole source files, each ending in a newline."""

    def __init__(self, spool: Spool, path: Path | None = None, shape: Shape | None = None) -> None:
        self.path = path
        self.size = 0
        self._spool = spool
        self._shape = shape
        self._pieces: list[bytes] = []
        self._waiting = 0

    def add(self, data: bytes) -> int:
        """Add a file; returns the offset of its first byte."""
        offset = self.size
        self._pieces.append(data)
        added = len(data)
        if not data.endswith(b"\n"):
            self._pieces.append(b"\n")
            added += 1
        self.size += added
        self._waiting += added
        if self._waiting >= CHUNK:
            self.flush()
        return offset

    def flush(self) -> None:
        """Write what is waiting, and look at it if anybody asked."""
        if not self._pieces or self.path is None:
            return
        chunk = b"".join(self._pieces)
        if self._shape is not None:
            self._shape.add(measure(chunk))
        with self._spool.guard(), self.path.open("ab") as stream:
            stream.write(chunk)
        self._pieces.clear()
        self._waiting = 0
