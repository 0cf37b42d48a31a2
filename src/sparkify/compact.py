"""`sparkify compact`: many small files rewritten into few parts. The work is done in `source/compaction.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sparkify import progress
from sparkify.config import size_within
from sparkify.errors import UsageError
from sparkify.progress import megabytes, plural
from sparkify.source.compaction import Codec, Compacted, compact
from sparkify.source.spool import Spool, scratch, temporary
from sparkify.values import visible

if TYPE_CHECKING:
    from sparkify.config import Settings

CODECS = ("zst", "gz")


def run(source: str, target: str, settings: Settings, part_bytes: str, codec: str) -> Compacted:
    """Write into `target` what it lacks of `source`; raises UsageError for options that make no sense."""
    if codec not in CODECS:
        raise UsageError(f"--compression {codec}: choose {' or '.join(CODECS)}")
    try:
        size = size_within(part_bytes, 1, "1TB")
    except ValueError as error:
        raise UsageError(f"--part-bytes {visible(part_bytes)}: {error}") from error
    display = progress.choose("compacting")
    try:
        with scratch(settings.spool_dir or temporary()) as folder:
            return compact(
                source,
                target,
                access=settings.access,
                concurrency=settings.concurrency,
                part_bytes=size,
                codec=cast("Codec", codec),
                skip=settings.skip,
                spool=Spool(folder),
                found=display.found,
                done=display.read,
            )
    finally:
        display.stop()


def warnings(done: Compacted) -> list[str]:
    """What went another way than one would expect."""
    told = list(done.warnings)
    if done.vanished:
        told.append(f"{done.vanished:,} {plural('file', done.vanished)} vanished after the listing")
    if not done.files + done.known + done.vanished:
        told.append("the source holds no data file (*.json, *.jsonl, *.ndjson, plain, .gz or .zst); check the address")
    return told


def summary(done: Compacted) -> list[str]:
    """What a compaction did, in lines for people."""
    known = f"{done.known:,} {plural('file', done.known)}"
    if not done.files:
        return [f"nothing new: {known} already compacted"]
    return [
        f"compacted {done.files:,} {plural('file', done.files)} ({megabytes(done.bytes_in)}) into {done.parts:,} "
        f"{plural('part', done.parts)} ({megabytes(done.bytes_out)})" + (f", beside {known} before" * bool(done.known)),
    ]
