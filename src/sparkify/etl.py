"""The pipeline: discover -> stage -> transform -> audit -> commit, batch by batch.

    python -m sparkify.etl --song-data DIR --log-data DIR [--warehouse URL]

What the rules R1 to R8 say stands in `sql/transform/` and `sql/audit/`; this module is their order.
"""

from __future__ import annotations

import sys
from datetime import datetime

from sparkify import create_tables, ledger, sql_queries
from sparkify.audit import violations
from sparkify.config import Settings
from sparkify.encoding import decode
from sparkify.errors import AuditFailed, SparkifyError, TooManyRejects, UsageError, WarehouseError
from sparkify.ledger import Batch, RejectLog
from sparkify.progress import Progress, Quiet, plural
from sparkify.run_report import Report
from sparkify.source.fields import Kind
from sparkify.source.files import Known, Listing, SourceFile, batches, check_locations, compare, list_folder
from sparkify.source.jsonpaths import JsonPaths, read_jsonpaths
from sparkify.source.prepare import Layout, Part, Preparer
from sparkify.warehouse import Warehouse

REBUILT = (*sql_queries.STAR, "staging_songs", "etl_files", "etl_tracks", "etl_track_keys", "etl_plays",
           "etl_songs", "etl_users", "etl_batches")  # fmt: skip
"""What a full refresh makes anew; the history of runs and rejects stays."""


def run(
    warehouse: Warehouse,
    settings: Settings,
    *,
    full_refresh: bool = False,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Report:
    """Load every source file that the ledger lacks or knows in another version.

    A batch commits together with its ledger rows, so running again is always safe. A report given is filled
    in as the run goes, so that it tells of a failed run too. Raises UsageError, SourceError, TooManyRejects,
    AuditFailed, WarehouseInUse or WarehouseError; batches that were committed before stay.
    """
    report = report if report is not None else Report(warehouse.engine)
    load = _Load(warehouse, settings, progress or Quiet(), report)
    with report.timed("total"):
        check_locations(settings.song_data, settings.log_data, settings.jsonpaths)
        load.paths = read_jsonpaths(settings.jsonpaths) if settings.jsonpaths and settings.log_data else None
        with warehouse.loading():
            missing = create_tables.create(warehouse)
            if missing and len(missing) < len(sql_queries.TABLES):
                report.warnings.append(
                    f"{', '.join(missing)} was missing and is made anew, empty; `sparkify etl --full-refresh` fills it"
                )
            warehouse.drop_rebuilt()
            if full_refresh:
                load.check_nothing_is_left_out()
            load.run(full_refresh=full_refresh)
    return report


class _Load:
    """One run."""

    def __init__(self, warehouse: Warehouse, settings: Settings, progress: Progress, report: Report) -> None:
        self.warehouse = warehouse
        self.settings = settings
        self.progress = progress
        self.report = report
        self.paths: JsonPaths | None = None
        self.floor = 0
        self.conflicts = 0

    def run(self, *, full_refresh: bool) -> None:
        warehouse, report = self.warehouse, self.report
        started_at = ledger.utc_now()
        report.run_id = ledger.new_run_id(started_at)
        with warehouse.transaction():
            ledger.begin(warehouse, report.run_id, started_at)
        try:
            if full_refresh:
                self._rebuild(started_at)
            else:
                self._load()
                with warehouse.transaction():
                    self._finish()
        except BaseException as error:
            self._fail(error, full_refresh=full_refresh)
            raise
        finally:
            self.progress.stop()

    def _load(self) -> None:
        """Everything that is new, batch by batch; each commits on its own."""
        with self.report.timed("discover"):
            listing = self._discover()
        resolved_again = self._start()
        pending = listing.pending
        self.progress.found(len(pending), sum(file.size for file in pending))
        for number, files in enumerate(batches(pending, self.settings.batch_bytes), start=1):
            self._load_batch(number, files)
        self.report.status = "loaded" if pending or resolved_again else "nothing-new"
        if not listing.discovered:
            self.report.warnings.append(
                "the locations hold no data file (*.json, *.jsonl, *.ndjson, plain, .gz or .zst)"
            )

    def _discover(self) -> Listing:
        with self.warehouse.session():
            known = ledger.known_files(self.warehouse)
        listing = discover(self.settings, known)
        self.report.discovered = listing.discovered
        self.report.new, self.report.changed = len(listing.new), len(listing.changed)
        self.report.skipped = len(listing.skipped)
        return listing

    def _start(self) -> bool:
        """Take note of where the run starts; when `match` is another than before, resolve every track again."""
        warehouse = self.warehouse
        warehouse.drop_temporary(sql_queries.RUN_TABLES)
        with warehouse.transaction():
            self.floor = _number(warehouse.rows("run/highest_songplay_id")[0][0])
            for table in sql_queries.RUN_TABLES:
                warehouse.run(f"run/{table}")
            wanted = self.settings.match
            if wanted is None or wanted == ledger.setting(warehouse, "match"):
                return False
            ledger.set_setting(warehouse, "match", wanted)
            ledger.set_setting(warehouse, "resolve_all", "yes")
            warehouse.stage([])
            transform(warehouse, self._batch(0))
            ledger.set_setting(warehouse, "resolve_all", None)
            audit(warehouse)
        return True

    def _load_batch(self, number: int, files: list[SourceFile]) -> None:
        """Stage, transform, audit and commit one batch of files."""
        warehouse, report = self.warehouse, self.report
        batch = self._batch(number)
        with report.timed("stage"):
            self.progress.step("read")
            stage(warehouse, batch, files, self.paths, self.progress)
        if batch.rejects.count > batch.rejects.allowed:
            assert batch.rejects.first is not None
            report.rejected += batch.rejects.count
            raise TooManyRejects(report.rejected, self.settings.max_errors, batch.rejects.first)
        with warehouse.transaction():
            with report.timed("transform"):
                self.progress.step("transform")
                instants = transform(warehouse, batch)
                ledger.add_batch(warehouse, report.run_id or "", batch, ledger.utc_now())
            with report.timed("audit"):
                self.progress.step("audit")
                audit(warehouse)
        self._note(batch, instants, len(files))

    def _batch(self, number: int) -> Batch:
        allowed = self.settings.max_errors - self.report.rejected
        return Batch(number, RejectLog(self.warehouse.spool, self.report.run_id or "", allowed))

    def _note(self, batch: Batch, instants: int, listed: int) -> None:
        """A batch is committed: add it to the report."""
        report = self.report
        report.batches += 1
        report.bytes += batch.bytes
        report.rejected += batch.rejects.count
        report.rows["staging_events"] += batch.events_staged
        report.rows["staging_songs"] += batch.songs_staged
        report.rows["songplays"] += batch.plays_new
        report.rows["time"] += instants
        self.conflicts += batch.conflicts
        vanished = listed - len(batch.sources)
        if vanished:
            report.warnings.append(f"{vanished} files vanished after they were listed; nothing of them was loaded")
        self.progress.loaded(batch.events_staged, batch.rejects.count)

    def _rebuild(self, started_at: datetime) -> None:
        """Load everything into a second set of tables, then let it take the place of the first.

        The old tables stay visible until then, and stay if anything fails. Plays get ids never given before.
        """
        warehouse, report = self.warehouse, self.report
        with warehouse.session():
            floor = _number(warehouse.rows("run/highest_songplay_id")[0][0])
            floor = max(floor, int(ledger.setting(warehouse, "songplay_floor") or 0))
            match = self.settings.match or ledger.setting(warehouse, "match") or "resolve"
        with warehouse.rebuilding():
            create_tables.create(warehouse)
            with warehouse.transaction():
                ledger.begin(warehouse, report.run_id or "", started_at)
                ledger.set_setting(warehouse, "songplay_floor", str(floor))
                ledger.set_setting(warehouse, "match", match)
            self._load()
            report.status = "loaded"
            with warehouse.transaction():
                warehouse.replace_tables(REBUILT, keep=("etl_rejects",))
                ledger.set_setting(warehouse, "songplay_floor", str(floor))
                ledger.set_setting(warehouse, "match", match)
                warehouse.run("ledger/sum_run", [report.run_id])
                self._finish()

    def check_nothing_is_left_out(self) -> None:
        """A location that is not given is not touched, so what it gave cannot be rebuilt: raise UsageError."""
        given = {"song": self.settings.song_data, "log": self.settings.log_data}
        with self.warehouse.session():
            loaded = self.warehouse.rows("status/files")
        for kind, files, *_ in loaded:
            if given[str(kind)] is None:
                gave = f"{files} {plural('file', _number(files))}"
                raise UsageError(
                    f"--full-refresh without --{kind}-data would drop what it gave, {gave}; name that folder too"
                )

    def _sum_up(self) -> None:
        """Complete the report from what is committed, within a session."""
        warehouse, report = self.warehouse, self.report
        [(plays, users, songs, artists)] = warehouse.rows("run/summary", [self.floor])
        report.rows["songplays"] += _number(plays)
        report.rows |= {"users": _number(users), "songs": _number(songs), "artists": _number(artists)}
        for match, found in warehouse.rows("run/resolution", [self.floor]):
            report.resolution[str(match)] = _number(found)

    def _finish(self) -> None:
        """Complete the report and the run's record, within a transaction."""
        warehouse, report = self.warehouse, self.report
        self._sum_up()
        if self.conflicts:
            report.warnings.append(
                f"{self.conflicts} events share time, user and session with a play but differ from it; "
                "the play that is loaded stays (R1)"
            )
        message = "; ".join(report.warnings) or None
        ledger.finish(warehouse, report.run_id or "", report.status, message, ledger.utc_now())

    def _fail(self, error: BaseException, *, full_refresh: bool) -> None:
        """Record why a run ended early; what was committed stays, but nothing of a full refresh was."""
        self.report.status = "failed"
        if full_refresh:
            self.report.forget()
        interrupted = not isinstance(error, Exception)
        message = "stopped by a signal" if interrupted else str(error)
        try:
            with self.warehouse.transaction():
                status = "interrupted" if interrupted else "failed"
                ledger.finish(self.warehouse, self.report.run_id or "", status, message, ledger.utc_now())
                if self.report.batches:
                    self._sum_up()
        except SparkifyError:
            pass  # the next run marks this one interrupted; the first error is the one to tell


def discover(settings: Settings, known: dict[str, Known]) -> Listing:
    """List both locations and compare them with the ledger; reads no file."""
    locations: list[tuple[str | None, Kind]] = [(settings.song_data, "song"), (settings.log_data, "log")]
    files = (
        file
        for location, kind in locations
        if location is not None
        for file in list_folder(location, kind, settings.jsonpaths)
    )
    return compare(files, known, settings.skip)


def dry_run(warehouse: Warehouse, settings: Settings, report: Report, *, full_refresh: bool) -> None:
    """Fill the report with what a run would load; opens the warehouse to read only, and only if it exists."""
    check_locations(settings.song_data, settings.log_data, settings.jsonpaths)
    known: dict[str, Known] = {}
    if warehouse.exists() and not full_refresh:
        with warehouse.session(read_only=True):
            if create_tables.schema_version(warehouse, warehouse.tables()) is not None:
                known = ledger.known_files(warehouse)
                if settings.match not in (None, ledger.setting(warehouse, "match")):
                    report.warnings.append(f"match would become '{settings.match}', and every track be resolved again")
    with report.timed("total"), report.timed("discover"):
        listing = discover(settings, known)
    pending = listing.pending
    report.status = "dry-run"
    report.discovered, report.new, report.changed = listing.discovered, len(listing.new), len(listing.changed)
    report.skipped = len(listing.skipped)
    report.bytes = sum(file.size for file in pending)
    report.batches = sum(1 for _ in batches(pending, settings.batch_bytes))
    report.would_load = [file.url for file in pending]


def stage(
    warehouse: Warehouse, batch: Batch, files: list[SourceFile], paths: JsonPaths | None, progress: Progress
) -> None:
    """Fill staging with the batch's records; those that cannot be loaded go to the batch's rejects.

    Files take the engine's fast reader. Those that it would bend or refuse are read again, exactly.
    """
    preparers = {
        "song": Preparer(Layout("song"), warehouse.spool, batch.rejects, progress.read),
        "log": Preparer(Layout("log", paths), warehouse.spool, batch.rejects, progress.read),
    }
    for kind, preparer in preparers.items():
        preparer.add([file for file in files if file.kind == kind])
        preparer.clean()
    while inexact := warehouse.stage(parts := [part for each in preparers.values() for part in each.parts]):
        _no_way_out(inexact)
        for kind, preparer in preparers.items():
            preparer.doubt([part for part in inexact if part.kind == kind])
            preparer.clean()
    batch.sources = [source for part in parts for source in part.sources]
    batch.records_read = sum(part.shape.lines for part in parts) + batch.rejects.count


def _no_way_out(parts: list[Part]) -> None:
    for part in parts:
        if part.trusted:
            raise WarehouseError(
                f"{part.sources[0].file.url}: staged other than it was read; nothing of the batch was loaded, "
                "please report this"
            )


def transform(warehouse: Warehouse, batch: Batch) -> int:
    """Fill the star schema from staging, within a transaction; returns the rows added to `time`.

    The catalogue first, because plays are resolved against it; then tracks, plays and users.
    """
    warehouse.drop_temporary(_LOAD_TABLES)
    [(events, songs)] = warehouse.rows("run/count_staged")
    batch.events_staged, batch.songs_staged = _number(events), _number(songs)
    _run(warehouse, sql_queries.INCOMING)
    _decode_texts(warehouse)
    _run(warehouse, sql_queries.KEYS)
    if batch.songs_staged:
        _run(warehouse, sql_queries.SONGS)
    _run(warehouse, sql_queries.TRACKS)
    if batch.songs_staged:
        _run(warehouse, sql_queries.ARTISTS)
    if not batch.events_staged:
        return 0
    instants = _number(warehouse.rows("run/count_time")[0][0])
    [(known, others)] = warehouse.rows("transform/count_events")
    _run(warehouse, (*sql_queries.PLAYS, *sql_queries.USERS))
    batch.plays_new = _number(warehouse.rows("run/count_plays")[0][0])
    batch.plays_known, batch.other_pages = _number(known), _number(others)
    if batch.plays_known:
        batch.conflicts = _number(warehouse.rows("transform/count_conflicts")[0][0])
    return _number(warehouse.rows("run/count_time")[0][0]) - instants


def _run(warehouse: Warehouse, names: tuple[str, ...]) -> None:
    for name in names:
        warehouse.run(name)


def _decode_texts(warehouse: Warehouse) -> None:
    """The one step of normalisation that no engine can do: undo double encoding (R2)."""
    texts = (str(text) for (text,) in warehouse.rows("transform/doubtful_texts"))
    warehouse.append(
        "load_decoded",
        ({"text": text, "decoded": meant} for text in texts if (meant := decode(text)) != text),
    )


def audit(warehouse: Warehouse) -> None:
    """Hold the batch against the rules before it is committed; raises AuditFailed."""
    found = violations(warehouse)
    if found:
        raise AuditFailed(
            found,
            "Nothing of this batch was loaded. `sparkify check` tells more; if tables were edited by hand, "
            "`sparkify etl --full-refresh` rebuilds them; if not, please report this.",
        )


_LOAD_TABLES = tuple(
    name.removeprefix("transform/") for name in sql_queries.names("transform") if name.startswith("transform/load_")
)


def _number(value: object) -> int:
    return int(str(value))


if __name__ == "__main__":
    from sparkify.cli import main

    sys.exit(main(["etl", *sys.argv[1:]]))
