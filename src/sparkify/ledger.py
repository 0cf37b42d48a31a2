"""The bookkeeping: which files are loaded, what each run did, what was set aside (design 4.4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from sparkify import __version__
from sparkify.errors import Reject
from sparkify.source.files import Known, SourceFile
from sparkify.source.prepare import Source
from sparkify.warehouse import Warehouse

_EPOCH = datetime(1970, 1, 1)
MESSAGE_SHOWN = 1000
"""Characters of a run's message that are kept."""


@dataclass(slots=True)
class Batch:
    """What one batch read, staged and added; the sums that R8 balances."""

    number: int
    sources: list[Source] = field(default_factory=list)
    records_read: int = 0
    events_staged: int = 0
    songs_staged: int = 0
    plays_new: int = 0
    plays_known: int = 0
    other_pages: int = 0
    conflicts: int = 0
    rejects: RejectLog = field(default_factory=lambda: RejectLog(0))

    @property
    def bytes(self) -> int:
        """Stored bytes of its files."""
        return sum(source.file.size for source in self.sources)


@dataclass(slots=True)
class RejectLog:
    """The rejects of a batch: all are counted, as many are kept as may be set aside."""

    allowed: int
    count: int = 0
    first: Reject | None = None
    kept: list[Reject] = field(default_factory=list)
    by_file: Counter[str] = field(default_factory=Counter)

    def add(self, file: SourceFile, reject: Reject) -> None:
        """Set one record aside."""
        self.count += 1
        self.by_file[file.url] += 1
        self.first = self.first or reject
        if len(self.kept) < self.allowed:
            self.kept.append(reject)


def utc_now() -> datetime:
    """Now as a naive UTC timestamp, as every table holds it."""
    return datetime.now(UTC).replace(tzinfo=None)


def known_files(warehouse: Warehouse) -> dict[str, Known]:
    """The latest loaded version of every file, by its address."""
    return {
        str(url): Known(etag, size, (modified - _EPOCH) // timedelta(microseconds=1))  # type: ignore[arg-type,operator]
        for url, etag, size, modified in warehouse.rows("ledger/known_files")
    }


def begin(warehouse: Warehouse, run_id: str, started_at: datetime) -> None:
    """Record that a run starts, and that whatever still counts as running was killed, within a transaction.

    The caller holds the warehouse, so no other run can be alive.
    """
    warehouse.run("ledger/interrupt_runs")
    warehouse.run("ledger/begin_run", [run_id, started_at, warehouse.engine, __version__])


def new_run_id(started_at: datetime) -> str:
    """An id that sorts by time of start and is not given twice."""
    return f"{started_at:%Y%m%dT%H%M%S}-{started_at.microsecond:06d}-{token_hex(2)}"


def add_batch(warehouse: Warehouse, run_id: str, batch: Batch, loaded_at: datetime) -> None:
    """Record a batch within its transaction: its files, its rejects and its sums."""
    warehouse.drop_temporary(["load_files"])
    warehouse.run("ledger/load_files")
    warehouse.append("load_files", (_file_row(source, run_id, batch, loaded_at) for source in batch.sources))
    warehouse.run("ledger/drop_old_files")
    warehouse.run("ledger/add_files")
    warehouse.append("etl_rejects", (_reject_row(reject, run_id) for reject in batch.rejects.kept))
    sums = [
        len(batch.sources),
        batch.bytes,
        batch.records_read,
        batch.events_staged,
        batch.songs_staged,
        batch.rejects.count,
        batch.plays_new,
        batch.plays_known,
        batch.other_pages,
        batch.conflicts,
    ]
    warehouse.run("ledger/add_batch", [run_id, batch.number, *sums])
    warehouse.run("ledger/sum_run", [run_id])


def _file_row(source: Source, run_id: str, batch: Batch, loaded_at: datetime) -> dict[str, object]:
    file = source.file
    return {
        "url": file.url,
        "etag": file.etag,
        "size": file.size,
        "modified": file.modified_at.isoformat(sep=" "),
        "kind": file.kind,
        "run_id": run_id,
        "loaded_at": loaded_at.isoformat(sep=" "),
        "rows": source.rows,
        "rejected": batch.rejects.by_file[file.url],
    }


def _reject_row(reject: Reject, run_id: str) -> dict[str, object]:
    return {
        "run_id": run_id,
        "url": reject.url,
        "line": reject.line,
        "reason": reject.reason[:MESSAGE_SHOWN],
        "record": reject.record,
    }


def finish(warehouse: Warehouse, run_id: str, status: str, message: str | None, finished_at: datetime) -> None:
    """Record how a run ended, within a transaction."""
    shown = message[:MESSAGE_SHOWN] if message else None
    warehouse.run("ledger/finish_run", [finished_at, status, shown, run_id])


def setting(warehouse: Warehouse, name: str) -> str | None:
    """A setting of the warehouse, None when it has none of that name."""
    rows = warehouse.rows("ledger/setting", [name])
    return str(rows[0][0]) if rows else None


def set_setting(warehouse: Warehouse, name: str, value: str | None) -> None:
    """Set a setting of the warehouse, or remove it, within a transaction."""
    warehouse.run("ledger/drop_setting", [name])
    if value is not None:
        warehouse.run("ledger/add_setting", [name, value])
