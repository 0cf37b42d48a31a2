"""Source files as they are listed, the names that count as data, and how files are cut into batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from sparkify.source.fields import Kind

DATA_SUFFIXES = (".json", ".jsonl", ".ndjson")
COMPRESSED_SUFFIXES = (".gz", ".zst")
BATCH_FILES = 50_000
"""Files of one batch at most: what is known of each stays in memory until the batch is committed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a timestamp of the ledger can hold on its way through Python: years 1 to 9999.
_FIRST_TIME = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_TIME = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the source, as listed."""

    url: str
    """Full address, such as `s3://sparkify/log_data/2018/11/2018-11-12-events.json`; of a local file its path."""
    size: int
    """Bytes as stored, before decompression."""
    modified: int
    """Time of change in microseconds since the epoch, UTC; the ledger keeps no more than that."""
    kind: Kind
    etag: str | None = None
    """None for a local file: size and time of change stand in for it."""
    raw: str | None = None
    """The local path in hexadecimal where the address cannot tell it, because it is no UTF-8."""

    @property
    def modified_at(self) -> datetime:
        """Time of change as a naive UTC timestamp, as the ledger holds it."""
        return (_EPOCH + timedelta(microseconds=self.modified)).replace(tzinfo=None)

    @property
    def path(self) -> Path:
        """Where a local file lies."""
        return Path(self.url if self.raw is None else os.fsdecode(bytes.fromhex(self.raw)))

    @property
    def suffix(self) -> str:
        """How it is compressed: `.gz`, `.zst` or nothing."""
        return next((suffix for suffix in COMPRESSED_SUFFIXES if self.url.endswith(suffix)), "")

    @property
    def version(self) -> tuple[str | None, int, int]:
        """What tells this version of the file from others."""
        return self.etag, self.size, self.modified


def microseconds(modified: datetime) -> int:
    """A naive UTC timestamp as microseconds since the epoch."""
    return (modified.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def bounded(modified: int) -> int:
    """A time of change, in microseconds, that the ledger can hold."""
    return min(max(modified, _FIRST_TIME), _LAST_TIME)


def is_data_name(name: str) -> bool:
    """Whether a file of this name is data: `*.json`, `*.jsonl`, `*.ndjson`, plain, `.gz` or `.zst`."""
    return not name.startswith((".", "_")) and has_data_suffix(name)


def has_data_suffix(name: str) -> bool:
    """Whether a name ends as that of a data file does."""
    for suffix in COMPRESSED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name.endswith(DATA_SUFFIXES)


def is_skipped(url: str, patterns: Collection[str]) -> bool:
    """Whether a --skip pattern names a file: its whole address, the end of it, or its name."""
    return any(fnmatchcase(url, pattern) or fnmatchcase(url, f"*/{pattern}") for pattern in patterns)


def batches(
    files: Iterable[SourceFile], batch_bytes: int, count: Callable[[SourceFile], int] = lambda _: 1
) -> Iterator[list[SourceFile]]:
    """Cut the files into batches of at most `batch_bytes` stored bytes; a larger file is a batch of its own.

    `count` tells for how many files one counts, of which a batch has at most `BATCH_FILES`.
    """
    batch: list[SourceFile] = []
    size = counted = 0
    for file in files:
        counts = count(file)
        if batch and (size + file.size > batch_bytes or counted + counts > BATCH_FILES):
            yield batch
            batch, size, counted = [], 0, 0
        batch.append(file)
        size += file.size
        counted += counts
    if batch:
        yield batch
