"""The form of a compacted location: parts, a manifest that names them, and for each part where its lines are from.

    sparkify.manifest                    the manifest, as Redshift's COPY reads it: {"entries": [{"url": …}]}
    part-00000-<digest>.json.zst         the bytes of many source files, one after the other
    _sources/part-00000-<digest>.jsonl.zst   one line a source file of the part, in the order of their bytes

A source file stands in its part byte for byte as it was, decompressed, without the byte order mark at its start;
where it does not end in a newline one follows, so that records of two files never touch. The loader takes a part
for the files that it holds. A JSONPaths file or a manifest among them is listed, as read, but stands in no part.
A part that the manifest does not name is no data: its making was cut short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
import zstandard

from sparkify.errors import SourceError
from sparkify.source.fields import Kind
from sparkify.source.files import COMPRESSED_SUFFIXES, SourceFile
from sparkify.source.location import MANIFEST, Location

SOURCES = "_sources"
"""Folder beside the parts; hidden, so that no loader takes it for data."""
PART_SOURCES = 50_000
"""Source files of one part at most: their list is held in memory while the part is loaded."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source file within a part."""

    file: SourceFile
    """As it was when it was compacted."""
    offset: int
    """Of its first byte in the part, decompressed."""
    bytes: int
    """Of the file itself, without a newline that was added after it."""


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
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def pack_sources(origins: Iterable[Origin]) -> bytes:
    """The list of the sources of a part."""
    text = b"".join(map(pack_origin, origins))
    return zstandard.ZstdCompressor(level=3, write_checksum=True, write_content_size=True).compress(text)


def unpack_sources(data: bytes, kind: Kind, url: str) -> list[Origin]:
    """The sources of a part, in the order of their bytes; raises SourceError."""
    try:
        # In one call: the library's stream reader takes a list that is cut short for complete.
        rows = map(orjson.loads, zstandard.ZstdDecompressor().decompress(data).splitlines())
        return [
            Origin(SourceFile(row["url"], row["size"], row["modified"], kind, row["etag"]), row["offset"], row["bytes"])
            for row in rows
        ]
    except (zstandard.ZstdError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SourceError(
            f"{url}: is no list of sources ({error}); run `sparkify compact` anew into an empty place"
        ) from error


class Compacted:
    """What a location's manifests say of its files; each manifest is read once, and only when asked for."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._parts: dict[str, set[str]] = {}

    def holds(self, file: SourceFile) -> bool:
        """Whether the file lies in a folder with a manifest of ours."""
        return file.url.rpartition("/")[0] in self._location.compacted

    def origins(self, file: SourceFile) -> list[Origin] | None:
        """The sources of a part; None when the manifest does not name it. Raises SourceError."""
        folder, _, name = file.url.rpartition("/")
        if folder not in self._parts:
            self._parts[folder] = self._named(folder, file.kind)
        if name not in self._parts[folder]:
            return None
        url = f"{folder}/{sources_name(name)}"
        return unpack_sources(self._location.read(url), file.kind, url)

    def _named(self, folder: str, kind: Kind) -> set[str]:
        """The names of the parts that a manifest names, all of which have to be there."""
        url = f"{folder}/{MANIFEST}"
        # By name: the folder may have been copied elsewhere since.
        named = {part.rpartition("/")[2] for part in unpack_manifest(self._location.read(url), url)}
        # Listed anew: a compaction may have ended since, and what it named was written before its manifest.
        there = {file.url for file in self._location.list(kind, None)}
        gone = sorted(name for name in named if f"{folder}/{name}" not in there)
        if gone:
            raise SourceError(
                f"{url}: names {gone[0]}, which is gone; restore it, or run `sparkify compact` anew into an empty place"
            )
        return named
