"""Is it healthy, what is loaded, what is pending, how well do plays match: `sparkify status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sparkify import discovery, ledger
from sparkify.config import Settings
from sparkify.discovery import Listing
from sparkify.errors import SparkifyError
from sparkify.source.inputs import open_inputs
from sparkify.warehouse import Row, Warehouse

RUNS_SHOWN = 5
PENDING_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Status:
    """What `sparkify status` shows."""

    url: str
    schema_version: int
    match: str
    tables: dict[str, int]
    runs: list[Row]
    """run_id, started_at, finished_at, status, files, rows, rejected, plays_new, message; newest first."""
    files: list[Row]
    """kind, files, bytes, rows, rejected, newest."""
    first_play: datetime | str | None
    last_play: datetime | str | None
    matches: dict[str, int]
    """Plays by how they found their song."""
    pending: Listing | None
    """None when no location is given or configured."""
    pending_files: list[str]
    """Addresses of the first of them, in the order in which they are loaded."""
    pending_problem: str | None

    @property
    def health(self) -> str:
        """One word and why."""
        if not self.runs:
            return "empty: nothing was loaded yet"
        state, message = str(self.runs[0][3]), self.runs[0][8]
        if state == "failed":
            return f"failed: {message}"
        if state == "interrupted":
            return "interrupted: the last run did not end; run `sparkify etl` again, it completes what is missing"
        if state == "running":
            return f"loading: run {self.runs[0][0]} since {self.runs[0][1]}, or it was killed"
        return "healthy: the last run ended well"


def status(warehouse: Warehouse, settings: Settings) -> Status:
    """Everything at a glance. The warehouse is free while the locations are listed, which may take long."""
    pending, problem, files = None, None, []
    if settings.song_data or settings.log_data:
        try:
            with open_inputs(settings) as inputs:
                inputs.check()
                pending = discovery.discover(warehouse, inputs.files(), settings.skip)
            files = [file.url for file in islice(discovery.pending(warehouse), PENDING_SHOWN)]
        except SparkifyError as error:
            problem = str(error)
    with warehouse.session(read_only=True):
        return _look(warehouse, pending, files, problem)


def _look(warehouse: Warehouse, pending: Listing | None, files: list[str], problem: str | None) -> Status:
    [(first_play, last_play)] = warehouse.rows("status/plays")
    matches = {str(match): int(str(plays)) for match, plays, _ in warehouse.rows("status/matches")}
    return Status(
        url=warehouse.url,
        schema_version=int(ledger.setting(warehouse, "schema_version") or 0),
        match=ledger.setting(warehouse, "match") or "resolve",
        tables={str(name): int(str(rows)) for name, rows in warehouse.rows("status/tables")},
        runs=warehouse.rows("status/runs", [RUNS_SHOWN]),
        files=warehouse.rows("status/files"),
        first_play=first_play,  # type: ignore[arg-type]
        last_play=last_play,  # type: ignore[arg-type]
        matches={name: matches.get(name, 0) for name in ("exact", "title", "artist", "none")},
        pending=pending,
        pending_files=files,
        pending_problem=problem,
    )
