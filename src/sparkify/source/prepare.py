"""Make a batch of source files ready for the engine: few parts, each of which it reads exactly.

A large plain file stays where it lies. Small files are joined (thousands of opens cost more than their
bytes), compressed ones are unpacked, into parts in the spool. Files that the engine would bend or refuse
go through the exact reader, which writes their good records anew and sets the others aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event

from sparkify.errors import Reject, SourceError
from sparkify.source.compacted import Origin
from sparkify.source.compressed import DAMAGE, Unpacked, unpacking
from sparkify.source.fields import MAX_RECORD, RECORD_SHOWN
from sparkify.source.files import SourceFile
from sparkify.source.folder import reading
from sparkify.source.grammar import BOM, Garbage, split
from sparkify.source.join import PART, Joiner
from sparkify.source.location import SMALL, Content, Location
from sparkify.source.parts import Layout, Part, Rejects, Source
from sparkify.source.records import BadValue, Checker
from sparkify.source.shape import CHUNK, Shape, measure, measure_file
from sparkify.source.sidecar import data_items, may_be_sidecar
from sparkify.source.spool import LineWriter, Spool
from sparkify.source.unreadable import unreadable

_GLOB = frozenset("*?[]{}")


class Preparer:
    """Prepares the files of one batch of one kind."""

    def __init__(
        self,
        layout: Layout,
        spool: Spool,
        done: Callable[[int], None] = lambda _: None,
        stopping: Event | None = None,
        location: Location | None = None,
    ) -> None:
        self.layout = layout
        self._location = location
        self._done = done
        self.parts: list[Part] = []
        self.doubtful: list[Source] = []
        """Files for the exact reader."""
        self.files: list[SourceFile] = []
        """Files that were read, in the version that was read."""
        self.vanished: list[SourceFile] = []
        """Files that were listed and are gone."""
        self.unreadable: list[tuple[str, str]] = []
        """Addresses of files that are no data files, and what each is."""
        self._spool = spool
        self._stopping = stopping or Event()

    def add(self, contents: Iterable[Content], origins: Mapping[str, Sequence[Origin]] | None = None) -> None:
        """Sort files into parts and doubtful ones, as they come.

        `origins` names, for parts of compacted locations, the files in them that are to be loaded.
        """
        joiner = Joiner(self.layout, self._spool)
        for content in contents:
            file = content.file
            if self._stopping.is_set():
                return
            try:
                with reading(file):
                    self._add(content, (origins or {}).get(file.url), joiner)
                    self.files.append(file)
            except FileNotFoundError:
                self.vanished.append(file)
            self._done(file.size)
        joiner.finish()
        self.parts += joiner.parts
        self.doubtful += joiner.doubtful

    def _add(self, content: Content, origins: Sequence[Origin] | None, joiner: Joiner) -> None:
        if content.data is not None:
            joiner.add(content.file, content.data)
        elif content.path is None:
            raise FileNotFoundError(content.file.url)
        elif origins is not None:
            self._take_apart(content.file, content.path, origins, joiner)
        else:
            self._add_large(Source(content.file, content.path, packed=content.file.suffix))

    def _take_apart(self, part: SourceFile, path: Path, origins: Sequence[Origin], joiner: Joiner) -> None:
        """The files that a part of a compacted location holds, as if each had come by itself."""
        place = 0
        try:
            with path.open("rb") as raw, unpacking(raw, part.suffix) as stream:
                pieces = _Pieces(stream)
                for origin in origins:
                    if self._stopping.is_set():
                        return
                    pieces.skip(origin.offset - place)
                    if origin.bytes <= SMALL:
                        joiner.add(origin.file, _as_it_was(pieces.take(origin.bytes)))
                    else:
                        self._take_large(origin, pieces)
                    place = origin.offset + origin.bytes
                while stream.read(CHUNK):
                    pass  # to the end: there stands the checksum of what was taken
        except DAMAGE as error:
            raise SourceError(
                f"{part.url}: does not hold what its list of sources says ({error}); "
                "run `sparkify compact` anew into an empty place"
            ) from error

    def _take_large(self, origin: Origin, pieces: _Pieces) -> None:
        copy = self._spool.new(f"taken-{origin.file.kind}")
        with copy.open("wb") as out:
            piece = _as_it_was(pieces.take(CHUNK))
            for left in range(origin.bytes - CHUNK, 0, -CHUNK):
                with self._spool.guard():
                    out.write(piece)
                piece = pieces.take(min(left, CHUNK))
            with self._spool.guard():
                out.write(piece)
        self._add_large(Source(origin.file, copy))

    def _add_large(self, source: Source) -> None:
        if self.layout.names is None:
            self.doubtful.append(source)
        elif source.packed or not _takes_path(source.path) or _has_bom(source.path):
            self._unpack(source)
        else:
            part = self.layout.part(source.path)
            part.shape = measure_file(source.path)
            self._keep(part, source)

    def _unpack(self, source: Source) -> None:
        """Copy a file, decompressed and without its byte order mark, into a part of its own."""
        part = self.layout.part(self._spool.new(source.file.kind))
        try:
            with source.open() as stream, self._spool.guard(), part.path.open("wb") as out:
                block = _read(stream, CHUNK)
                rest = block.removeprefix(BOM)
                part.shape.plain = not rest.startswith(BOM)  # the engine would take off a second one
                # To the end of the file, not of what is left over: nothing is, where a block ends with its line.
                while block and part.shape.plain:
                    if self._stopping.is_set():
                        return
                    block = _read(stream, CHUNK)
                    piece, rest = _cut(rest, block)
                    if len(rest) > MAX_RECORD:
                        part.shape.plain = False
                    out.write(piece)
                    part.shape.add(measure(piece) if piece else Shape())
        except DAMAGE:
            part.shape.plain = False
        self._keep(part, source)

    def _keep(self, part: Part, source: Source) -> None:
        if part.shape.plain and not may_be_sidecar(source):
            source.rows = part.shape.lines
            part.sources.append(source)
            self.parts.append(part)
        else:
            self.doubtful.append(source)

    def leave(self, files: Iterable[SourceFile]) -> None:
        """Take files that the engine reads where they lie: each is a part, of which nothing comes to this machine."""
        for file in files:
            part = Part(Path(), self.layout.kind, self.layout.names or (), by_name=self.layout.paths is None)
            part.in_place = True
            part.sources = [Source(file, Path())]
            self.parts.append(part)
            self.files.append(file)
            self._done(file.size)

    def doubt(self, parts: Iterable[Part]) -> None:
        """Take parts back whose reading proved wrong; their files go through the exact reader.

        Those that the engine was to read where they lie are fetched for that. Raises SourceError.
        """
        away: list[SourceFile] = []
        for part in parts:
            self.parts.remove(part)
            if part.in_place:
                away += [source.file for source in part.sources]
            else:
                self.doubtful.extend(part.sources)
        if away:
            assert self._location is not None
            self.files = [file for file in self.files if file not in away]
            self._done, done = (lambda _: None), self._done  # they were counted when they were left
            try:
                self.add(self._location.fetch(away, self._spool))
            finally:
                self._done = done

    def clean(self, rejects: Rejects) -> None:
        """Read the doubtful files exactly: good records into trusted parts, bad ones to the rejects."""
        if not self.doubtful:
            return
        checker = Checker(self.layout.fields, self.layout.paths)
        writer = LineWriter(self._spool, f"clean-{self.layout.kind}")
        sources: list[Source] = []
        doubtful, self.doubtful = sorted(self.doubtful, key=lambda each: (each.file.modified, each.file.url)), []
        for source in doubtful:
            before = writer.rows
            try:
                with reading(source.file):
                    if what := unreadable(source):
                        self.unreadable.append((source.file.url, what))
                        continue
                    _clean(source, checker, writer, rejects)
            except FileNotFoundError:
                self.vanished.append(source.file)
                self.files.remove(source.file)
                continue
            source.rows = writer.rows - before
            sources.append(source)
            if writer.bytes >= PART:
                self._close(writer, sources)
                writer, sources = LineWriter(self._spool, f"clean-{self.layout.kind}"), []
        self._close(writer, sources)

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


def _clean(source: Source, checker: Checker, writer: LineWriter, rejects: Rejects) -> None:
    def reject(line: int, reason: str, text: bytes, size: int) -> None:
        shown = text[: 4 * RECORD_SHOWN].decode("utf-8", "backslashreplace").replace("\0", "\\u0000")
        told = reason.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
        if len(shown) > RECORD_SHOWN or size > len(text):
            told = f"{told} ({size:,} bytes passed over)"
        rejects.add(source.file, Reject(source.file.url, line, told, shown[:RECORD_SHOWN]))

    with source.open() as raw:
        stream = _Stream(raw)
        last: Garbage | None = None
        for item in data_items(split(stream)):
            if last is not None:
                reject(last.line, last.reason, last.text, last.size)
                last = None
            if isinstance(item, Garbage):
                last = item  # held back: at the end of a damaged file it is the damage
                continue
            try:
                writer.write(checker.check(item))
            except BadValue as error:
                reject(item.line, str(error), item.text, len(item.text))
    if stream.damage is not None:
        line = last.line if last is not None else stream.lines + 1
        told = f"compressed data is damaged: {stream.damage}"
        reject(line, told, last.text if last else b"", last.size if last else 0)
    elif last is not None:
        reject(last.line, last.reason, last.text, last.size)


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


def _takes_path(path: Path) -> bool:
    """Whether the engine reads the file of this path, and no other: a path is a pattern to it, and UTF-8."""
    try:
        return not _GLOB.intersection(str(path).encode().decode())
    except UnicodeEncodeError:
        return False


def _has_bom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(3) == BOM


def _read(stream: Unpacked, size: int) -> bytes:
    """Exactly `size` bytes unless the file ends before; decompressors return less as they please."""
    blocks: list[bytes] = []
    while size > 0 and (block := stream.read(size)):
        blocks.append(block)
        size -= len(block)
    return b"".join(blocks)


def _as_it_was(data: bytes) -> bytes:
    """The beginning of a file, as it was before it was compacted.

    There it lost a byte order mark; readers take one off again, and that must not be a second one.
    """
    return BOM + data if data.startswith(BOM) else data


class _Pieces:
    """The bytes of a stream, handed out in pieces; it is read in blocks, because tiny reads cost too much."""

    def __init__(self, stream: Unpacked) -> None:
        self._stream = stream
        self._block = b""
        self._place = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes; raises EOFError when the stream ends before."""
        taken = self._block[self._place : self._place + size]
        self._place += len(taken)
        while len(taken) < size:
            self._block = self._stream.read(CHUNK)
            if not self._block:
                raise EOFError("ended early")
            self._place = min(size - len(taken), len(self._block))
            taken += self._block[: self._place]
        return taken

    def skip(self, size: int) -> None:
        """Pass over the next `size` bytes."""
        while size > 0:
            size -= len(self.take(min(size, CHUNK)))


def _cut(rest: bytes, block: bytes) -> tuple[bytes, bytes]:
    """Split what was read at its last line bound, which `rest` has none of; at the end of the file all is one piece."""
    if not block:
        return rest, b""
    cut = block.rfind(b"\n") + 1
    return (rest + block[:cut], block[cut:]) if cut else (b"", rest + block)
