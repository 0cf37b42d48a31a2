"""Files that are named like data and are none: design section 4.1, "What is no data file is no record".

Such a file is told by its name and by what it is, rather than as records that cannot be loaded.
"""

from __future__ import annotations

import re

import zstandard

from sparkify.source.compressed import DAMAGE, MAGIC, WINDOW, Unpacked
from sparkify.source.grammar import BOM, Value, split
from sparkify.source.parts import Source

_HEAD = 512
_SPACE = b" \t\r\n\f\v"
_STARTS = ("\ufeff", "{", "[")
_ENCODE = "write it as UTF-8"
_BEGINNINGS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    (MAGIC[".gz"], "is gzip data", "name it .json.gz"),
    (MAGIC[".zst"], "is zstandard data", "name it .json.zst"),
    ((b"BZh",), "is bzip2 data", "unpack it"),
    ((b"\xfd7zXZ\0",), "is xz data", "unpack it"),
    ((b"PK\3\4", b"PK\5\6"), "is a zip archive", "unpack it"),
    ((b"7z\xbc\xaf\x27\x1c",), "is a 7-Zip archive", "unpack it"),
    ((b"\x04\x22\x4d\x18",), "is LZ4 data", "unpack it"),
    ((b"\xff\x06\0\0sNaPpY",), "is Snappy data", "unpack it"),
    ((b"PAR1",), "is a Parquet file", "write it as JSON"),
    ((b"Obj\1",), "is an Avro file", "write it as JSON"),
    (tuple(start.encode(form) for start in _STARTS for form in ("utf-32-le", "utf-32-be")), "is UTF-32", _ENCODE),
    (tuple(start.encode(form) for start in _STARTS for form in ("utf-16-le", "utf-16-be")), "is UTF-16", _ENCODE),
)
"""How files begin that are no JSON, what they are, and what to do."""
_TEXTS = (
    (re.compile(rb"<!doctype html|<html", re.IGNORECASE), "is an HTML page", "fetch the file itself"),
    (re.compile(rb"<\?xml|<Error>", re.IGNORECASE), "is XML", "fetch the file itself, or write it as JSON"),
    (re.compile(rb"version https://git-lfs\.github\.com/spec/"), "is a pointer of Git LFS", "run `git lfs pull`"),
    (re.compile(rb"(?:\.\./)*\.git/annex/|/annex/objects/"), "is a pointer of git-annex", "run `git annex get`"),
)
"""The same, for text, behind white space."""


def unreadable(source: Source) -> str | None:
    """What a file is that holds no JSON object and is no text either that could be JSON, and what to do; else None."""
    suffix = source.packed
    if suffix:
        with source.path.open("rb") as stored:
            head = stored.read(_HEAD)
        if not head.startswith(MAGIC[suffix]):
            found = _told(head)
            return f"its name ends in {suffix}, but it {found}" if found else _not_compressed(suffix)
    with source.open() as stream:
        try:
            head = _head(stream)
        except DAMAGE as error:
            return _damaged(error)
    found = _told(head)
    return found if found and not _holds_object(source) else None


def is_doubtful(data: bytes) -> bool:
    """Whether a file that begins so may be unreadable, so that it had better not be joined with others."""
    return data.lstrip(_SPACE)[:1] not in (b"{", b"") or data.startswith(b"{\0")


def _head(stream: Unpacked) -> bytes:
    """The first bytes; raises the decompressor's error when none comes out."""
    head = b""
    try:
        while len(head) < _HEAD and (piece := stream.read1(_HEAD - len(head))):
            head += piece
    except DAMAGE:
        if not head:
            raise
    return head


def _told(head: bytes) -> str | None:
    for beginnings, what, remedy in _BEGINNINGS:
        if head.startswith(beginnings):
            return f"{what}; {remedy}"
    text = head.removeprefix(BOM).lstrip(_SPACE)
    return next((f"{what}; {remedy}" for pattern, what, remedy in _TEXTS if pattern.match(text)), None)


def _not_compressed(suffix: str) -> str:
    return f"is not compressed, though its name ends in {suffix}; take that off its name"


def _damaged(error: Exception) -> str:
    if isinstance(error, zstandard.ZstdError) and "too much memory" in str(error):
        return f"needs a zstandard window of more than {WINDOW >> 30} GiB; compress it with `zstd --long=31` at most"
    return f"is a damaged archive, of which nothing can be unpacked ({' '.join(str(error).split())}); fetch it again"


def _holds_object(source: Source) -> bool:
    with source.open() as stream:
        return any(isinstance(item, Value) and item.is_object for item in split(_UpToDamage(stream)))


class _UpToDamage:
    """What comes out of an archive before its damage: an object there is one."""

    def __init__(self, stream: Unpacked) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read1(size)
        except DAMAGE:
            return b""
