"""The bookkeeping: which files are loaded, what each run did, what was set aside (design 4.4)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import orjson

from sparkify import __version__
from sparkify.errors import Reject
from sparkify.source.batch import Prepared
from sparkify.source.files import SourceFile
from sparkify.source.parts import Source
from sparkify.source.spool import LineWriter, Spool
from sparkify.warehouse import Warehouse

_RUN_TIME = "%Y%m%dT%H%M%S-%f"
_RUN_ID = re.compile(r"\d{8}T\d{6}-\d{6}")

MESSAGE_SHOWN = 1000
"""Characters of a run's message that are kept."""


@dataclass(slots=True)
class Batch:
    """What one batch read, staged and added; the sums that R8 balances."""

    number: int
    rejects: RejectLog
    files: list[SourceFile] = field(default_factory=list)
    """Read, as listed."""
    sources: list[Source] = field(default_factory=list)
    """What they held: the files themselves, or those of which a compacted part is made."""
    records_read: int = 0
    events_staged: int = 0
    songs_staged: int = 0
    plays_new: int = 0
    plays_known: int = 0
    other_pages: int = 0
    conflicts: int = 0

    @property
    def bytes(self) -> int:
        """Stored bytes of its files."""
        return sum(file.size for file in self.files)

    def take(self, ready: Prepared) -> None:
        """Note what the files of a batch held; begins anew when a transaction is tried again."""
        parts = ready.parts
        self.files = ready.files
        self.sources = [source for part in parts for source in part.sources]
        self.records_read = sum(part.shape.lines for part in parts) + self.rejects.count
        self.plays_new = self.plays_known = self.other_pages = self.conflicts = 0


class RejectLog:
    """The rejects of a batch: all are counted, as many are kept, in the spool, as may be set aside."""

    def __init__(self, spool: Spool, run_id: str, allowed: int) -> None:
        self.allowed = allowed
        self.count = 0
        self.by_file: Counter[SourceFile] = Counter()
        self.first: Reject | None = None
        """By the order in which batches take files: time of change, then name, then line."""
        self._place: tuple[int, str, int] | None = None
        self._run_id = run_id
        self._writer = LineWriter(spool, "rejects")

    def add(self, file: SourceFile, reject: Reject) -> None:
        """Set one record aside."""
        self.count += 1
        self.by_file[file] += 1
        place = (file.modified, file.url, reject.line)
        if self._place is None or place < self._place:
            self._place, self.first = place, reject
        if self.count <= self.allowed:
            self._writer.write(
                {
                    "run_id": self._run_id,
                    "url": reject.url,
                    "line": reject.line,
                    "reason": reject.reason[:MESSAGE_SHOWN],
                    "record": reject.record,
                }
            )

    def rows(self) -> Iterator[dict[str, object]]:
        """What is kept, as rows of `etl_rejects`."""
        path = self._writer.close()
        if path is not None:
            with path.open("rb") as lines:
                for line in lines:
                    yield orjson.loads(line)


def utc_now() -> datetime:
    """Now as a naive UTC timestamp, as every table holds it."""
    return datetime.now(UTC).replace(tzinfo=None)


def new_run(warehouse: Warehouse, started_at: datetime) -> str:
    """An id for a run that starts, which sorts behind every other and is not given twice, within a transaction.

    A clock that was ahead, and no longer is, must not put what is written now before what was written then.
    """
    [(last,)] = warehouse.rows("ledger/last_run")
    found = _RUN_ID.match(str(last))
    if found is not None:
        started_at = max(started_at, datetime.strptime(found[0], _RUN_TIME) + timedelta(microseconds=1))
    return f"{started_at:{_RUN_TIME}}-{token_hex(2)}"


def begin(warehouse: Warehouse, run_id: str, started_at: datetime) -> None:
    """Record that a run starts, and that whatever still counts as running was killed, within a transaction.

    The caller holds the warehouse, so no other run can be alive.
    """
    warehouse.run("ledger/interrupt_runs")
    warehouse.run("ledger/begin_run", [run_id, started_at, warehouse.engine, __version__])


def add_batch(warehouse: Warehouse, run_id: str, batch: Batch, loaded_at: datetime) -> None:
    """Record a batch within its transaction: its files, its rejects and its sums."""
    warehouse.drop_temporary(["load_files"])
    warehouse.run("ledger/load_files")
    warehouse.append("load_files", _file_rows(run_id, batch, loaded_at))
    warehouse.run("ledger/forget_older")
    warehouse.run("ledger/drop_old_files")
    warehouse.run("ledger/add_files")
    warehouse.append("etl_rejects", batch.rejects.rows())
    sums = [
        len(batch.files),
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


def _file_rows(run_id: str, batch: Batch, loaded_at: datetime) -> Iterator[dict[str, object]]:
    """One row a file: of a compacted part its sources, and the part itself, whose records count as theirs."""
    # A file may come twice, by itself and within a part, or in two parts: its latest version stays known.
    counted = {
        (source.file.kind, source.file.url): source
        for source in sorted(batch.sources, key=lambda each: each.file.modified)
    }
    read = {file.url for file in batch.files}
    found = [(source.file, source.rows) for source in counted.values()]
    found += [(file, 0) for file in batch.files if (file.kind, file.url) not in counted]
    for file, rows in found:
        yield {
            "url": file.url,
            "etag": file.etag,
            "size": file.size,
            "modified": file.modified_at,
            "kind": file.kind,
            "run_id": run_id,
            "loaded_at": loaded_at,
            "rows": rows,
            "rejected": batch.rejects.by_file[file],
            "from_part": int(file.url not in read),
        }


def finish(warehouse: Warehouse, run_id: str, status: str, message: str | None, finished_at: datetime) -> None:
    """Record how a run ended, within a transaction."""
    shown = message[:MESSAGE_SHOWN] if message else None
    warehouse.run("ledger/finish_run", [finished_at, status, shown, run_id])


def has_run(warehouse: Warehouse, run_id: str) -> bool:
    """Whether a run is recorded."""
    return bool(warehouse.rows("ledger/run_status", [run_id]))


def has_ended(warehouse: Warehouse, run_id: str) -> bool:
    """Whether a run is recorded as ended."""
    return [row for row in warehouse.rows("ledger/run_status", [run_id]) if row[0] != "running"] != []


def has_batch(warehouse: Warehouse, run_id: str, batch: int) -> bool:
    """Whether a batch is recorded, and so committed."""
    return bool(warehouse.rows("ledger/batch", [run_id, batch]))


def setting(warehouse: Warehouse, name: str) -> str | None:
    """A setting of the warehouse, None when it has none of that name."""
    rows = warehouse.rows("ledger/setting", [name])
    return str(rows[0][0]) if rows else None


def set_setting(warehouse: Warehouse, name: str, value: str | None) -> None:
    """Set a setting of the warehouse, or remove it, within a transaction."""
    warehouse.run("ledger/drop_setting", [name])
    if value is not None:
        warehouse.run("ledger/add_setting", [name, value])
