"""The form of a compacted location: parts, a manifest that names them, and for each part where its lines are from.

    sparkify.manifest                    the manifest, as Redshift's COPY reads it: {"entries": [{"url": …}]}
    part-00000-<digest>.json.zst         the bytes of many source files, one after the other
    _sources/part-00000-<digest>.jsonl.zst   one line a source file of the part, in the order of their bytes

A source file stands in its part byte for byte as it was, decompressed, without the byte order mark at its start;
where it does not end in a newline one follows, so that records of two files never touch. The loader takes a part
for the files that it holds. A file that changed stands in a later part once more, whose list says so: of its
versions the loader takes the last. A JSONPaths file or a manifest among the sources is listed, as read, but stands
in no part. A part that the manifest does not name is no data: its making was cut short.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
import zstandard

from sparkify.errors import SourceError, UsageError
from sparkify.names import as_text
from sparkify.source.fields import Kind
from sparkify.source.files import COMPRESSED_SUFFIXES, SourceFile, bounded
from sparkify.source.location import MANIFEST, Location
from sparkify.source.target import Target

SOURCES = "_sources"
"""Folder beside the parts; hidden, so that no loader takes it for data."""
PART_SOURCES = 50_000
"""Source files of one part at most: their list is held in memory while the part is loaded."""
LISTS = 16
"""Lists of sources read at the same time."""
_PART = r"part-(\d{5,})-[0-9a-f]{16}"
_NUMBER = re.compile(_PART)
# Nothing else is ever deleted.
_OURS = re.compile(rf"{_PART}\.json\.(zst|gz)|{SOURCES}/{_PART}\.jsonl\.zst")
_HALF = re.compile(r"(?P<folder>|.*/)\.(?P<name>[^/]+?)(\.[0-9a-f]{8})?\.part")


@dataclass(frozen=True, slots=True)
class Origin:
    """A source file within a part."""

    file: SourceFile
    """As it was when it was compacted."""
    offset: int
    """Of its first byte in the part, decompressed."""
    bytes: int
    """Of the file itself, without a newline that was added after it."""
    replaces: bool = False
    """Whether an earlier part holds an earlier version of the file."""


def is_part(name: str) -> bool:
    """Whether a file is called as a part is."""
    return _OURS.fullmatch(name) is not None


def sources_name(part: str) -> str:
    """Where the sources of a part are listed, relative to the part's folder."""
    for suffix in COMPRESSED_SUFFIXES:
        part = part.removesuffix(suffix)
    return f"{SOURCES}/{part.removesuffix('.json')}.jsonl.zst"


def pack_manifest(urls: Iterable[str]) -> bytes:
    """A manifest that names parts."""
    entries = [{"url": url, "mandatory": True} for url in urls]
    return orjson.dumps({"entries": entries}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def unpack_manifest(data: bytes, url: str) -> list[str]:
    """The addresses of the parts, in their order; raises SourceError."""
    try:
        return [str(entry["url"]) for entry in orjson.loads(data)["entries"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SourceError(
            f"{url}: is no manifest ({error}); run `sparkify compact` anew into an empty place"
        ) from error


def pack_origin(origin: Origin) -> bytes:
    """One line of the list of the sources of a part."""
    row = {
        "url": origin.file.url,
        "etag": origin.file.etag,
        "size": origin.file.size,
        "modified": origin.file.modified,
        "offset": origin.offset,
        "bytes": origin.bytes,
    }
    if origin.replaces:
        row["replaces"] = True
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def pack_sources(origins: Iterable[Origin]) -> bytes:
    """The list of the sources of a part."""
    text = bytearray()
    for origin in origins:
        text += pack_origin(origin)  # not joined: thousands of lines of their own take ten times their length
    return zstandard.ZstdCompressor(level=3, write_checksum=True, write_content_size=True).compress(text)


def unpack_sources(data: bytes, kind: Kind, url: str) -> list[Origin]:
    """The sources of a part, in the order of their bytes; raises SourceError."""
    origins: list[Origin] = []
    end = 0
    try:
        # In one call: the library's stream reader takes a list that is cut short for complete.
        for line in zstandard.ZstdDecompressor().decompress(data).splitlines():
            origin = _unpack_origin(orjson.loads(line), kind, end)
            end = origin.offset + origin.bytes
            origins.append(origin)
    except (zstandard.ZstdError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{url}: is no list of sources ({error}); run `sparkify compact` anew into an empty place"
        ) from error
    return origins


def _unpack_origin(row: dict[str, Any], kind: Kind, end: int) -> Origin:
    """A line of a list, for bytes that begin at `end` or later; raises ValueError or TypeError for a damaged one."""
    url, size, offset, length = row["url"], row["size"], row["offset"], row["bytes"]
    if not isinstance(url, str) or size < 0 or offset < end or length < 0:
        raise ValueError(f"a line that makes no sense, for {url}")
    file = SourceFile(url, size, bounded(row["modified"]), kind, row["etag"])
    return Origin(file, offset, length, bool(row.get("replaces")))


def _read_lists(read: Callable[[str], bytes | None], parts: Iterable[str]) -> Iterator[bytes]:
    """The lists of sources of parts, some at a time; one that is gone is empty."""
    names = map(sources_name, parts)
    with ThreadPoolExecutor(LISTS, thread_name_prefix="lists") as pool:
        while some := list(islice(names, LISTS)):
            for data in pool.map(read, some):
                yield data or b""


@dataclass(slots=True)
class _Manifest:
    """What a manifest names, and what its parts say of each other."""

    numbers: dict[str, int]
    """The place of each part by its name."""
    looked_from: int
    """Place of the first part whose list was looked through for what replaces earlier versions."""
    latest: dict[str, int] = field(default_factory=dict)
    """For files that are in several parts the place of the last of them."""


class Compacted:
    """What a location's manifests say of its files; each manifest is read once, and only when asked for."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._manifests: dict[str, _Manifest] = {}

    def holds(self, file: SourceFile) -> bool:
        """Whether the file lies in a folder with a manifest of ours."""
        return file.url.rpartition("/")[0] in self._location.compacted

    def check(self) -> None:
        """Raise SourceError when a manifest names a part that is gone."""
        for folder in self._location.compacted:
            self._read(folder, "log")

    def origins(self, file: SourceFile) -> list[Origin] | None:
        """The sources of a part, but for those of which a later part holds a later version.

        None when the manifest does not name the part. Raises SourceError.
        """
        folder, _, name = file.url.rpartition("/")
        if folder not in self._manifests:
            self._manifests[folder] = self._read(folder, file.kind)
        manifest = self._manifests[folder]
        number = manifest.numbers.get(name)
        if number is None:
            return None
        self._look_later(folder, manifest, number)
        url = f"{folder}/{sources_name(name)}"
        origins = unpack_sources(self._location.read(url), file.kind, url)
        return [origin for origin in origins if manifest.latest.get(origin.file.url, number) <= number]

    def _read(self, folder: str, kind: Kind) -> _Manifest:
        """A manifest; every part that it names has to be there."""
        url = f"{folder}/{MANIFEST}"
        # By name: the folder may have been copied elsewhere since.
        named = [part.rpartition("/")[2] for part in unpack_manifest(self._location.read(url), url)]
        # Listed anew: a compaction may have ended since, and what it named was written before its manifest.
        there = {file.url for file in self._location.list(kind, None)}
        gone = next((name for name in named if f"{folder}/{name}" not in there), None)
        if gone is not None:
            raise SourceError(
                f"{url}: names {gone}, which is gone; restore it, or run `sparkify compact` anew into an empty place"
            )
        return _Manifest({name: number for number, name in enumerate(named)}, len(named))

    def _look_later(self, folder: str, manifest: _Manifest, number: int) -> None:
        """Look through the lists behind a part, those that were not yet: for a daily load there are none."""
        names = list(manifest.numbers)[number + 1 : manifest.looked_from]
        lists = _read_lists(lambda name: self._location.read(f"{folder}/{name}"), names)
        for name, data in zip(names, lists, strict=True):
            for origin in unpack_sources(data, "log", f"{folder}/{sources_name(name)}"):
                if origin.replaces:
                    url, place = origin.file.url, manifest.numbers[name]
                    manifest.latest[url] = max(place, manifest.latest.get(url, place))
        manifest.looked_from = min(number + 1, manifest.looked_from)


class Published:
    """What the target's manifest names; with the first compaction an empty manifest is written.

    So from the beginning a load passes over parts that are not published yet.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._url = as_text(target.url)
        manifest = target.read(MANIFEST)
        if manifest is None:
            manifest = self._begin()
        self._manifest = manifest
        named = unpack_manifest(manifest, f"{self._url}/{MANIFEST}")
        # By name: the place may have been moved since, and the addresses in the manifest be those of before.
        self.parts = [url.rpartition("/")[2] for url in named]
        self._check_whole()

    def _begin(self) -> bytes:
        visible = (name for name in self._target.names() if not re.search(r"(?:^|/)[._]", name))
        strange = next(visible, None)
        if strange is not None:
            raise UsageError(f"{self._url}: holds {strange} but no {MANIFEST}; compact into an empty place")
        manifest = pack_manifest([])
        try:
            self._target.write(MANIFEST, manifest, only_new=True)
        except FileExistsError as error:
            raise self._overtaken() from error
        return manifest

    def _check_whole(self) -> None:
        there = set(self._target.names()) if self.parts else set()
        for part in self.parts:
            for name in (part, sources_name(part)):
                if name not in there:
                    raise SourceError(
                        f"{self._url}/{MANIFEST}: names {part}, but {name} is gone; restore it, or compact anew "
                        "into an empty place"
                    )

    @property
    def next_number(self) -> int:
        """Of the part that follows those published."""
        numbers = [int(match[1]) for match in map(_NUMBER.match, self.parts) if match]
        return max(numbers, default=-1) + 1

    def known(self) -> dict[str, tuple[str | None, int, int]]:
        """The source files in the parts, by address, each in its latest version."""
        known: dict[str, tuple[str | None, int, int]] = {}
        for part, data in zip(self.parts, _read_lists(self._target.read, self.parts), strict=True):
            url = f"{self._url}/{sources_name(part)}"
            known |= {each.file.url: each.file.version for each in unpack_sources(data, "log", url)}
        return known

    def publish(self, new: Sequence[str]) -> None:
        """Name further parts in the manifest; then remove what it does not name."""
        named = [*self.parts, *new]
        manifest = pack_manifest(f"{self._url}/{name}" for name in named)
        there = set(self._target.names())
        if manifest != self._manifest:
            # Another compaction that ended meanwhile may have removed our parts, or would lose its own.
            if not there.issuperset(new) or self._target.read(MANIFEST) != self._manifest:
                raise self._overtaken()
            self._target.write(MANIFEST, manifest)
            if self._target.read(MANIFEST) != manifest:
                raise self._overtaken()
        kept = {each for name in named for each in (name, sources_name(name))}
        self._target.delete(sorted(name for name in there - kept if _is_ours(name)))

    def _overtaken(self) -> SourceError:
        return SourceError(f"another compaction wrote to {self._url}; run again")


def _is_ours(name: str) -> bool:
    """Whether a file of the target is a part or its list, whole or half-written, or a half-written manifest."""
    half = _HALF.fullmatch(name)
    if half is not None:
        name = half["folder"] + half["name"]
        return name == MANIFEST or _OURS.fullmatch(name) is not None
    return _OURS.fullmatch(name) is not None
