"""What a run did, for programs (`sparkify etl --json`) and for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sparkify import sql_queries
from sparkify.progress import megabytes, plural

STEPS = ("discover", "stage", "transform", "audit")


@dataclass(slots=True)
class Report:
    """What a run did; `as_dict` is the contract of `sparkify etl --json`."""

    engine: str
    run_id: str | None = None
    status: str = "failed"
    discovered: int = 0
    new: int = 0
    changed: int = 0
    skipped: int = 0
    files: int = 0
    """Read and loaded; not in the dictionary."""
    bytes: int = 0
    batches: int = 0
    rows: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("staging_events", "staging_songs", "songplays", "users", "songs", "artists", "time"), 0
        )
    )
    rejected: int = 0
    resolution: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("exact", "title", "artist", "none"), 0))
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*STEPS, "total"), 0.0))
    warnings: list[str] = field(default_factory=list)
    """For people; not in the dictionary."""
    notes: list[str] = field(default_factory=list)
    """What made the run slower than it need be; for people too, and not in its record."""

    def as_dict(self) -> dict[str, object]:
        """Every key is always present."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "engine": self.engine,
            "files": {
                "discovered": self.discovered,
                "new": self.new,
                "changed": self.changed,
                "skipped": self.skipped,
            },
            "bytes": self.bytes,
            "rows": dict(self.rows),
            "rejected": self.rejected,
            "resolution": dict(self.resolution),
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }

    def forget(self) -> None:
        """Nothing of what was loaded so far stays."""
        self.files = self.bytes = self.batches = 0
        self.rows = dict.fromkeys(self.rows, 0)
        self.resolution = dict.fromkeys(self.resolution, 0)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time spent to a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] += time.perf_counter() - start


def summary(report: Report) -> list[str]:
    """What a run did, in lines for people."""
    if report.status == "dry-run":
        files = report.new + report.changed
        return [f"Would load {files:,} {plural('file', files)}, {megabytes(report.bytes)}, "
                f"in {report.batches} {plural('batch', report.batches)}"]  # fmt: skip
    skipped = f", {report.skipped:,} skipped" if report.skipped else ""
    if report.status == "nothing-new":
        known = report.discovered - report.skipped
        return [f"nothing new: {known:,} {plural('file', known)} already loaded{skipped}"]
    star = ", ".join(f"{table} {report.rows[table]:,}" for table in sql_queries.STAR)
    lines = [
        f"loaded {report.files:,} {plural('file', report.files)} ({megabytes(report.bytes)}) in {report.batches} "
        f"{plural('batch', report.batches)} and {report.seconds['total']:.1f} s{skipped}",
        f"added or changed: {star}",
    ]
    total = sum(report.resolution.values())
    if total:
        lines.append(
            "plays found: "
            + ", ".join(f"{match} {plays:,} ({plays / total:.0%})" for match, plays in report.resolution.items())
        )
    if report.rejected:
        lines.append(
            f"{report.rejected:,} {plural('record', report.rejected)} set aside; `sparkify rejects` shows them"
        )
    return lines
