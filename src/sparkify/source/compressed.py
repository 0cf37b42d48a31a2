"""The decompressed bytes of a source file, whatever it is stored as, and the errors of damaged ones."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol, cast

import zstandard

from sparkify.source.records import Readable

DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)
"""What reading a damaged compressed file raises."""


class Unpacked(Readable, Protocol):
    """The decompressed bytes of a file."""

    def read1(self, size: int, /) -> bytes:
        """What one read of the stored bytes gives, `size` bytes at most; empty at the end."""


@contextmanager
def unpacking(raw: BinaryIO, packed: str) -> Iterator[Unpacked]:
    """The decompressed bytes of a stream that is stored as `.gz`, `.zst` or plain.

    Reading raises OSError, or one of the decompressors' errors.
    """
    if packed == ".gz":
        with gzip.open(raw) as unpacked:
            yield cast("Unpacked", unpacked)
    elif packed == ".zst":
        yield _Zstandard(raw)
    else:
        yield cast("Unpacked", raw)


class _Zstandard:
    """Decompresses zstandard frames, one after the other; a frame that is cut short raises EOFError.

    The library's own stream reader takes a file that ends within a frame for complete.
    """

    _STORED = 4096  # bytes read at a time: they unpack to some megabytes at the very most

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._ready = b""
        self._stored = b""

    def read(self, size: int, /) -> bytes:
        return self.read1(size)

    def read1(self, size: int, /) -> bytes:
        while not self._ready:
            self._stored = self._stored or self._raw.read(self._STORED)
            if not self._stored:
                if self._frame is not None:
                    raise EOFError("Compressed file ended before the end of its last frame")
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._ready = self._frame.decompress(self._stored)
            self._stored = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        ready, self._ready = self._ready[:size], self._ready[size:]
        return ready
