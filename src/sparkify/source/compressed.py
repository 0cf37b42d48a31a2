"""The decompressed bytes of a source file, whatever it is stored as, and the errors of damaged ones."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, Protocol, cast

import zstandard

from sparkify.source.grammar import Readable

DAMAGE = (EOFError, zlib.error, zstandard.ZstdError)
"""What reading a damaged compressed file raises."""
MAGIC = {
    ".gz": (b"\x1f\x8b",),
    # A zstandard file may begin with a frame that is to be passed over.
    ".zst": (b"\x28\xb5\x2f\xfd", *(bytes([number]) + b"\x2a\x4d\x18" for number in range(0x50, 0x60))),
}
"""How compressed files begin."""
WINDOW = 1 << 31
"""Bytes of the largest zstandard window that is read, that of `--long=31`; so much of a file may be held in memory."""


class Unpacked(Readable, Protocol):
    """The decompressed bytes of a file."""

    def read1(self, size: int, /) -> bytes:
        """What one read of the stored bytes gives, `size` bytes at most; empty at the end."""


@contextmanager
def unpacking(raw: BinaryIO, packed: str) -> Iterator[Unpacked]:
    """The decompressed bytes of a stream that is stored as `.gz`, `.zst` or plain.

    Reading raises OSError, or one of the decompressors' errors once all that comes out before the damage is read.
    """
    if packed == ".gz":
        yield _Frames(raw, lambda: zlib.decompressobj(wbits=31), padding=b"\0")
    elif packed == ".zst":
        yield _Frames(raw, zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj)
    else:
        yield cast("Unpacked", raw)


class _Frame(Protocol):
    """One compressed member of a file, as zlib and zstandard have it."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Frames:
    """Decompresses gzip members or zstandard frames, one after the other; zero bytes may pad the end of gzip.

    The libraries' own readers keep back what came out before damage, and that of zstandard takes a file that ends
    within a frame for complete.
    """

    _STORED = 4096
    """Bytes read at a time: they unpack to some megabytes, and where somebody means harm to 128 MiB."""

    def __init__(self, raw: BinaryIO, begin: Callable[[], _Frame], padding: bytes = b"") -> None:
        self._raw = raw
        self._begin = begin
        self._padding = padding
        self._ready = BytesIO()
        self._stored = b""
        """Read and not yet unpacked."""
        self._frame: _Frame | None = None
        self._frame_start = raw.tell()
        """Where the frame begins in the stored bytes."""
        self._given = 0
        """Bytes that came out of the frame."""
        self._damage: Exception | None = None

    def read(self, size: int, /) -> bytes:
        return self.read1(size)

    def read1(self, size: int, /) -> bytes:
        while not (ready := self._ready.read(size)):
            if self._damage is not None:
                raise self._damage
            if not self._more():
                return b""
        return ready

    def _more(self) -> bool:
        """Unpack some more; False at the end of the file."""
        if self._frame is None:
            self._stored = self._stored.lstrip(self._padding)
        if not self._stored:
            self._stored = self._raw.read(self._STORED)
            if not self._stored:
                if self._frame is not None:
                    raise EOFError("the file ends before the compressed data do")
                return False
            if self._frame is None:
                return True
        if self._frame is None:
            self._frame, self._given = self._begin(), 0
            self._frame_start = self._raw.tell() - len(self._stored)
        place = self._raw.tell() - len(self._stored)
        try:
            out = self._frame.decompress(self._stored)
        except DAMAGE as error:
            self._damage = error
            out = self._before_damage(place)
        self._given += len(out)
        self._ready = BytesIO(out)
        if self._damage is None:
            self._stored = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        return True

    def _before_damage(self, place: int) -> bytes:
        """What comes out of the stored bytes at `place` before the damage: an error takes its call's output along."""
        frame, passed, out = self._begin(), 0, bytearray()
        self._raw.seek(self._frame_start)
        try:
            while piece := self._raw.read(min(self._STORED, max(place - self._raw.tell(), 0)) or 1):
                found = frame.decompress(piece)
                passed += len(found)
                if passed > self._given:
                    out += found[-(passed - self._given - len(out)) :]
        except DAMAGE:
            pass
        return bytes(out)
