"""Make a batch of source files ready for the engine: few parts, each of which it reads exactly.

A large plain file stays where it lies. Small files are joined (thousands of opens cost more than their
bytes), compressed ones are unpacked, into parts in the spool. Files that the engine would bend or refuse
go through the exact reader, which writes their good records anew and sets the others aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sparkify.errors import Reject, SourceError
from sparkify.source.compressed import DAMAGE, Unpacked, open_source
from sparkify.source.fields import FIELDS, MAX_RECORD, Field, Kind
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.records import RECORD_SHOWN, BadValue, Checker, Garbage, Value, split
from sparkify.source.shape import CHUNK, Shape, measure, measure_file
from sparkify.source.spool import LineWriter, Spool

SMALL = 256 << 10
"""Bytes up to which a plain file is joined with others."""
PART = 32 << 20
"""Bytes at which a joined part is full."""

_SIDECAR_KEYS = (b'"jsonpaths"', b'"entries"', b'"meta"', b'"schema"', b'"author"')
_BOM = b"\xef\xbb\xbf"
_GLOB = frozenset("*?[]{}")


@dataclass(frozen=True, slots=True)
class Source:
    """A source file within a part."""

    file: SourceFile
    rows: int
    """Records of it that stand in the part, one after the other."""


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


class Preparer:
    """Prepares the files of one batch of one kind."""

    def __init__(
        self, layout: Layout, spool: Spool, rejects: Rejects, done: Callable[[int], None] = lambda _: None
    ) -> None:
        self.layout = layout
        self._done = done
        self.parts: list[Part] = []
        self.doubtful: list[SourceFile] = []
        """Files for the exact reader."""
        self.vanished: list[SourceFile] = []
        """Files that were listed and are gone."""
        self._spool = spool
        self._rejects = rejects

    def add(self, files: Iterable[SourceFile]) -> None:
        """Sort the files into parts and doubtful ones; each is read once."""
        joiner = _Joiner(self)
        for file in files:
            if self.layout.names is None:
                self.doubtful.append(file)
                continue
            try:
                with reading(file):
                    self._add(file, joiner)
            except FileNotFoundError:
                self.vanished.append(file)
            self._done(file.size)
        joiner.finish()

    def _add(self, file: SourceFile, joiner: _Joiner) -> None:
        compressed = file.path.suffix in (".gz", ".zst")
        if not compressed and file.size <= SMALL:
            data = file.path.read_bytes()
            if len(data) <= SMALL:
                joiner.add(file, data)
                return
        if compressed or _GLOB.intersection(str(file.path)) or _has_bom(file.path):
            self._unpack(file)
            return
        part = self._part(file.path)
        part.shape = measure_file(file.path)
        self._keep(part, file)

    def _unpack(self, file: SourceFile) -> None:
        """Copy a file, decompressed and without its byte order mark, into a part of its own."""
        part = self._part(self._spool.new(file.kind))
        try:
            with open_source(file) as stream, self._spool.guard(), part.path.open("wb") as out:
                rest = _read(stream, CHUNK).removeprefix(_BOM)
                part.shape.plain = not rest.startswith(_BOM)  # the engine would take off a second one
                while rest and part.shape.plain:
                    block = _read(stream, CHUNK)
                    piece, rest = _cut(rest, block)
                    if len(rest) > MAX_RECORD:
                        part.shape.plain = False
                    out.write(piece)
                    part.shape.add(measure(piece) if piece else Shape())
        except DAMAGE:
            part.shape.plain = False
        self._keep(part, file)

    def _keep(self, part: Part, file: SourceFile) -> None:
        if part.shape.plain and not _may_be_sidecar(file):
            part.sources.append(Source(file, part.shape.lines))
            self.parts.append(part)
        else:
            self.doubtful.append(file)

    def _part(self, path: Path) -> Part:
        names = self.layout.names
        assert names is not None
        return Part(path, self.layout.kind, names, by_name=self.layout.paths is None)

    def doubt(self, parts: Iterable[Part]) -> None:
        """Take parts back whose reading proved wrong; their files go through the exact reader."""
        for part in parts:
            self.parts.remove(part)
            self.doubtful.extend(source.file for source in part.sources)

    def clean(self) -> None:
        """Read the doubtful files exactly: good records into trusted parts, bad ones to the rejects."""
        if not self.doubtful:
            return
        checker = Checker(self.layout.fields, self.layout.paths)
        writer = LineWriter(self._spool, f"clean-{self.layout.kind}")
        sources: list[Source] = []
        doubtful, self.doubtful = sorted(self.doubtful, key=lambda file: (file.modified, file.url)), []
        for file in doubtful:
            before = writer.rows
            try:
                with reading(file):
                    self._clean(file, checker, writer)
            except FileNotFoundError:
                self.vanished.append(file)
                continue
            sources.append(Source(file, writer.rows - before))
            if writer.bytes >= PART:
                self._close(writer, sources)
                writer, sources = LineWriter(self._spool, f"clean-{self.layout.kind}"), []
        self._close(writer, sources)

    def _clean(self, file: SourceFile, checker: Checker, writer: LineWriter) -> None:
        with open_source(file) as raw:
            stream = _Stream(raw)
            last: Garbage | None = None
            for item in _data(split(stream)):
                if last is not None:
                    self._reject(file, last.line, last.reason, last.text)
                    last = None
                if isinstance(item, Garbage):
                    last = item  # held back: at the end of a damaged file it is the damage
                    continue
                try:
                    writer.write(checker.check(item))
                except BadValue as error:
                    self._reject(file, item.line, str(error), item.text)
        if stream.damage is not None:
            line = last.line if last is not None else stream.lines + 1
            self._reject(file, line, f"compressed data is damaged: {stream.damage}", last.text if last else "")
        elif last is not None:
            self._reject(file, last.line, last.reason, last.text)

    def _reject(self, file: SourceFile, line: int, reason: str, text: str) -> None:
        shown = text[:RECORD_SHOWN].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        shown = shown.replace("\0", "\\u0000")[:RECORD_SHOWN]
        reason = reason.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
        self._rejects.add(file, Reject(file.url, line, reason, shown))

    def _close(self, writer: LineWriter, sources: list[Source]) -> None:
        path = writer.close()
        if not sources:
            return
        if path is None:  # nothing good in these files, but the ledger must know that they were read
            path = self._spool.new("empty")
            path.touch()
        part = Part(path, self.layout.kind, self.layout.public_names, by_name=False, trusted=True)
        part.sources = sources
        part.shape.lines = writer.rows
        self.parts.append(part)


class _Joiner:
    """Joins small files, each ending in a newline, into parts."""

    def __init__(self, preparer: Preparer) -> None:
        self._preparer = preparer
        self._pieces: list[bytes] = []
        self._size = 0
        self._part: Part | None = None
        self._written = 0

    def add(self, file: SourceFile, data: bytes) -> None:
        data = data.removeprefix(_BOM)
        if data.startswith(_BOM):  # the engine would take off a second one
            self._preparer.doubtful.append(file)
            return
        if (b'"jsonpaths"' in data or b'"entries"' in data) and _may_be_sidecar(file):
            self._preparer.doubtful.append(file)
            return
        if self._part is None:
            preparer = self._preparer
            self._part = preparer._part(preparer._spool.new(f"joined-{preparer.layout.kind}"))
            self._written = 0
        body = data.strip()
        lines = sum(1 for line in body.split(b"\n") if line.strip()) if b"\n" in body else int(bool(body))
        self._part.sources.append(Source(file, lines))
        self._pieces.append(data)
        if not data.endswith(b"\n"):
            self._pieces.append(b"\n")
        self._size += len(data) + 1
        if self._size >= CHUNK:
            self._flush()
            if self._written >= PART:
                self.finish()

    def _flush(self) -> None:
        if self._part is None or not self._pieces:
            return
        chunk = b"".join(self._pieces)
        self._part.shape.add(measure(chunk))
        with self._preparer._spool.guard(), self._part.path.open("ab") as stream:
            stream.write(chunk)
        self._written += len(chunk)
        self._pieces.clear()
        self._size = 0

    def finish(self) -> None:
        self._flush()
        if self._part is not None:
            if self._part.shape.plain:
                self._preparer.parts.append(self._part)
            else:
                self._preparer.doubtful.extend(source.file for source in self._part.sources)
        self._part = None


class _Stream:
    """A source file for the splitter: damage of a compressed file ends it, instead of the run."""

    def __init__(self, raw: Unpacked) -> None:
        self._raw = raw
        self.damage: str | None = None
        self.lines = 0

    def read(self, size: int, /) -> bytes:
        if self.damage is not None:
            return b""
        try:
            # One read of what lies below at a time: what was unpacked before the damage is data.
            data = self._raw.read1(size)
        except DAMAGE as error:
            self.damage = " ".join(str(error).split())
            return b""
        self.lines += data.count(b"\n")
        return data


def _data(items: Iterator[Value | Garbage]) -> Iterator[Value | Garbage]:
    """The items of a file; none of a file that is nothing but a JSONPaths file or a manifest."""
    first = next(items, None)
    if first is None:
        return
    if isinstance(first, Value) and is_sidecar(first):
        second = next(items, None)
        if second is None:
            return
        yield first
        yield second
    else:
        yield first
    yield from items


def is_sidecar(value: Value) -> bool:
    """Whether a JSON value is a JSONPaths file or a manifest, which are no data wherever they lie."""
    data = value.data
    if not isinstance(data, dict) or len(value.text) > 16 << 20:
        return False
    if data.keys() == {"jsonpaths"}:
        return isinstance(data["jsonpaths"], list)
    entries = data.get("entries") if data.keys() <= {"entries", "meta", "schema", "author"} else None
    return isinstance(entries, list) and all(isinstance(entry, dict) and "url" in entry for entry in entries)


def _may_be_sidecar(file: SourceFile) -> bool:
    """Whether the first bytes of a file look like a JSONPaths file or a manifest."""
    with open_source(file) as stream:
        try:
            head = stream.read(4096).removeprefix(_BOM).lstrip()
        except DAMAGE:
            return False
    return head[:1] == b"{" and head[1:].lstrip().startswith(_SIDECAR_KEYS)


@contextmanager
def reading(file: SourceFile) -> Iterator[None]:
    """Turn what the system says of a source file into our error; a file that is gone stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SourceError(
            f"{file.url}: cannot be read ({error.strerror or error}); check its permissions, or pass --skip"
        ) from error


def _has_bom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(3) == _BOM


def _read(stream: Unpacked, size: int) -> bytes:
    """Exactly `size` bytes unless the file ends before; decompressors return less as they please."""
    blocks: list[bytes] = []
    while size > 0 and (block := stream.read(size)):
        blocks.append(block)
        size -= len(block)
    return b"".join(blocks)


def _cut(rest: bytes, block: bytes) -> tuple[bytes, bytes]:
    """Split what was read at its last line bound; at the end of the file everything is one piece."""
    if not block:
        return rest, b""
    both = rest + block
    cut = both.rfind(b"\n") + 1
    return both[:cut], both[cut:]
