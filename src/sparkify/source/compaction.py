"""Many small source files rewritten into few parts, which `sparkify etl` and Redshift's COPY read.

    sparkify compact SRC DST

What DST holds then, and where each part says which files it is made of, stands in `source/compacted.py`.
DST is published by its manifest alone: that is written last, so whatever is cut short leaves DST as it was.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

import zstandard

from sparkify.errors import SourceError, UsageError
from sparkify.names import as_text
from sparkify.source.access import Access, is_remote
from sparkify.source.compacted import (
    PART_SOURCES,
    Origin,
    Published,
    pack_origin,
    pack_sources,
    sources_name,
)
from sparkify.source.compressed import DAMAGE, unpacking
from sparkify.source.files import SourceFile, batches, is_skipped
from sparkify.source.folder import Folder, reading
from sparkify.source.grammar import BOM, Readable, split
from sparkify.source.inputs import open_location
from sparkify.source.location import Content, Location
from sparkify.source.parts import Source
from sparkify.source.sidecar import data_items, looks_like_sidecar, may_be_sidecar
from sparkify.source.spool import Spool
from sparkify.source.target import Target, open_target

Codec = Literal["zst", "gz"]

GROUP = 64 << 20
"""Stored bytes of files fetched together, before they are put in their order."""
GROUP_FILES = 4000
"""Files fetched together at most."""
_LEVELS: Mapping[Codec, int] = {"zst": 9, "gz": 6}
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did."""

    files: int
    """Source files written now."""
    known: int
    """Source files that were there already, in this version."""
    parts: int
    """Parts written now."""
    bytes_in: int
    """Of the files written now, as stored."""
    bytes_out: int
    """Of the parts written now, as stored."""
    vanished: int
    """Files that were gone before they could be read."""
    warnings: tuple[str, ...] = ()
    """What the stores had to say, such as that there are no credentials."""


def compact(
    source: str,
    target: str,
    *,
    access: Access,
    concurrency: int = 64,
    part_bytes: int = 64 << 20,
    codec: Codec = "zst",
    skip: Sequence[str] = (),
    spool: Spool,
    found: Callable[[int, int], None] = lambda *_: None,
    done: Callable[[int], None] = lambda _: None,
) -> Compacted:
    """Write what `target` lacks of the files of `source` into further parts, and publish them.

    The same files, names and times of change make the same bytes. `found` is told how many files of how many stored
    bytes there are to do, `done` the bytes of each as it is read. Raises UsageError and SourceError; the target is
    then as it was, but for parts that no manifest names, which the next compaction removes.
    """
    with (
        closing(open_location(source, access, concurrency, skip)) as location,
        closing(open_target(target, access)) as place,
    ):
        location.check("compact")
        place.check("compact")
        _check_apart(location, place)
        listed = _list(location, skip)
        published = Published(place)
        known = published.known()
        new = [file for file in listed if not _is_known(file, known)]
        changed = {file.url for file in new if file.url in known}
        counted = len(listed)
        del known, listed
        found(len(new), sum(file.size for file in new))
        room = spool.room()
        try:
            parts = Parts(place, room, published.next_number, changed, part_bytes, codec)
            with parts.storing():
                for group in _groups(new):
                    _put(group, location, room, parts, done)
        finally:
            room.clear()
        published.publish(parts.names)
        warnings = (*getattr(location, "warnings", ()), *getattr(place, "warnings", ()))
        return Compacted(
            parts.files,
            counted - len(new),
            len(parts.names),
            parts.bytes_in,
            parts.bytes_out,
            len(new) - parts.files,
            tuple(dict.fromkeys(warnings)),
        )


# -- the source -----------------------------------------------------------------------------------------


def _check_apart(location: Location, target: Target) -> None:
    one = PurePosixPath(str(location.root.resolve()) if isinstance(location, Folder) else location.url)
    other = PurePosixPath(target.url if is_remote(target.url) else str(Path(target.url).resolve()))
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise UsageError(
            f"{location.url} and {as_text(target.url)} overlap; compact into a place of its own, beside the source"
        )


def _list(location: Location, skip: Sequence[str]) -> list[SourceFile]:
    """The files of the source in the order in which a load takes them: time of change, then address."""
    found = [file for file in location.list("log", None) if not is_skipped(file.url, skip)]
    if location.compacted:
        # Its parts would stand for the files that they are made of, which nobody would know any more.
        raise UsageError(
            f"{min(location.compacted)}: is a compacted location; load it as it is, or compact what it was made of"
        )
    found.sort(key=lambda file: (file.modified, file.url))
    latest = {(file.url, file.raw): file for file in found}  # stores may list an object twice
    return sorted(latest.values(), key=lambda file: (file.modified, file.url))


def _is_known(file: SourceFile, known: Mapping[str, tuple[str | None, int, int]]) -> bool:
    """Whether a file is there in this version, as the ledger compares: by etag, else by size and time of change."""
    version = known.get(file.url)
    if version is None:
        return False
    if version[0] is not None and file.etag is not None:
        return version[0] == file.etag
    return version[1:] == file.version[1:]


def _groups(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Files that are fetched together: no more than memory and the spool hold at a time."""
    for batch in batches(files, GROUP):
        for start in range(0, len(batch), GROUP_FILES):
            yield batch[start : start + GROUP_FILES]


def _put(
    group: Sequence[SourceFile], location: Location, spool: Spool, parts: Parts, done: Callable[[int], None]
) -> None:
    """Fetch files, many at once, and put them into parts in their order."""
    room = spool.room()
    try:
        # They come in any order; what is large lies in the spool.
        fetched: dict[tuple[str, str | None], Content] = {}
        for content in location.fetch(group, room):
            fetched[content.file.url, content.file.raw] = content
            done(content.file.size)
        for file in group:
            parts.add(fetched.pop((file.url, file.raw)))
    finally:
        room.clear()


# -- the parts ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Part:
    """A part that is being filled, in the spool."""

    number: int
    path: Path
    stream: BinaryIO
    size: int = 0
    ends_line: bool = True
    """Whether the last byte is a newline, or there is none."""
    origins: list[Origin] = field(default_factory=list)
    digest: blake2b = field(default_factory=partial(blake2b, digest_size=8))
    """Of the bytes, and of what is known of their sources: two parts of one name are the same."""

    @property
    def name(self) -> str:
        return f"part-{self.number:05}-{self.digest.hexdigest()}.json"


class Parts:
    """Fills one part after the other; a finished one is compressed and stored while the next is filled."""

    def __init__(
        self, target: Target, spool: Spool, number: int, changed: Collection[str], part_bytes: int, codec: Codec
    ) -> None:
        self.names: list[str] = []
        """Of the parts written, in their order."""
        self.files = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self._target = target
        self._spool = spool
        self._number = number
        self._changed = changed
        self._part_bytes = part_bytes
        self._codec: Codec = codec
        self._part: _Part | None = None
        self._storing: Future[None] | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="store")

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Within, files may be added; on leaving, every part is stored."""
        try:
            yield
            self._close()
            self._wait()
        except BaseException:
            self._target.stop()
            raise
        finally:
            self._pool.shutdown(cancel_futures=True)
            if self._part is not None:
                self._part.stream.close()

    def add(self, content: Content) -> None:
        """Take one file; one that is gone is passed over. Raises SourceError for a damaged one."""
        file = content.file
        try:
            with reading(file):
                self._add(content)
        except FileNotFoundError:
            return
        self.files += 1
        self.bytes_in += file.size

    def _add(self, content: Content) -> None:
        try:
            with _open(content) as stream:
                skipped = _is_sidecar(content)
                part = self._part_for(content.file)
                offset = part.size
                if not skipped:  # such a file is listed, so that it counts as read, but it is no data
                    self._copy(stream, part)
        except DAMAGE as error:
            raise SourceError(
                f"{content.file.url}: its compressed data is damaged ({error}); mend the file, or pass --skip"
            ) from error
        origin = Origin(content.file, offset, part.size - offset, content.file.url in self._changed)
        part.digest.update(pack_origin(origin))
        part.origins.append(origin)
        if origin.bytes and not part.ends_line:
            self._write(part, b"\n")

    def _part_for(self, file: SourceFile) -> _Part:
        part = self._part
        if part and part.origins and (part.size + file.size > self._part_bytes or len(part.origins) >= PART_SOURCES):
            self._close()
        if self._part is None:
            path = self._spool.new("part")
            with self._spool.guard():
                self._part = _Part(self._number, path, path.open("wb"))
            self._number += 1
        return self._part

    def _copy(self, stream: Readable, part: _Part) -> None:
        """A file's bytes, without one byte order mark at their start."""
        head = b""
        while len(head) < len(BOM) and (more := stream.read(_BLOCK)):
            head += more
        self._write(part, head.removeprefix(BOM))
        while block := stream.read(_BLOCK):
            self._write(part, block)

    def _write(self, part: _Part, block: bytes) -> None:
        with self._spool.guard():
            part.stream.write(block)
        part.digest.update(block)
        part.size += len(block)
        if block:
            part.ends_line = block.endswith(b"\n")

    def _close(self) -> None:
        """Hand the part over to be stored; no more than one waits for that, for the spool's sake."""
        part, self._part = self._part, None
        if part is None:
            return
        with self._spool.guard():
            part.stream.close()
        self._wait()
        self._storing = self._pool.submit(self._store, part)

    def _wait(self) -> None:
        storing, self._storing = self._storing, None
        if storing is not None:
            storing.result()

    def _store(self, part: _Part) -> None:
        name = f"{part.name}.{self._codec}"
        packed = self._spool.new("packed", f".{self._codec}")
        with self._spool.guard():
            _compress(part.path, packed, part.size, self._codec)
            part.path.unlink()
        self._target.write(sources_name(name), pack_sources(part.origins))
        self._target.write(name, packed)
        self.bytes_out += packed.stat().st_size
        packed.unlink()
        self.names.append(name)


@contextmanager
def _open(content: Content) -> Iterator[Readable]:
    """The decompressed bytes of a file; raises FileNotFoundError when it is gone."""
    if content.data is not None:
        yield BytesIO(content.data)
    elif content.path is None:
        raise FileNotFoundError(content.file.url)
    else:
        with content.path.open("rb") as raw, unpacking(raw, content.file.suffix) as stream:
            yield stream


def _is_sidecar(content: Content) -> bool:
    """Whether the loader takes nothing from a file because it is a JSONPaths file or a manifest."""
    if content.data is not None:
        doubtful = looks_like_sidecar(content.data)
    else:
        assert content.path is not None
        doubtful = may_be_sidecar(Source(content.file, content.path, packed=content.file.suffix))
    if not doubtful:
        return False
    with _open(content) as stream:
        return next(data_items(split(stream)), None) is None


def _compress(raw: Path, packed: Path, size: int, codec: Codec) -> None:
    with raw.open("rb") as stream, packed.open("wb") as out:
        if codec == "zst":
            zstandard.ZstdCompressor(
                level=_LEVELS[codec], write_checksum=True, write_content_size=True, threads=0
            ).copy_stream(stream, out, size=size)
            return
        # Neither a name nor a time in the header: the same bytes give the same file.
        with gzip.GzipFile("", "wb", _LEVELS[codec], out, mtime=0) as archive:
            while block := stream.read(_BLOCK):
                archive.write(block)
