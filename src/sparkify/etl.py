"""The pipeline: discover -> stage -> transform -> audit -> commit, batch by batch.

    python -m sparkify.etl --song-data DIR --log-data DIR [--warehouse URL]

What the rules R1 to R8 say stands in `sql/models/` and `sql/audit/`, in the order of `models.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime

from sparkify import create_tables, discovery, ledger, sql_queries
from sparkify.audit import violations
from sparkify.config import Settings
from sparkify.discovery import Listing
from sparkify.encoding import decode
from sparkify.errors import AuditFailed, SparkifyError, TooManyRejects, Unreadable, UsageError, WarehouseError
from sparkify.ledger import Batch, RejectLog
from sparkify.models import models
from sparkify.progress import Progress, Quiet, plural
from sparkify.run_report import Report
from sparkify.source.ahead import ahead
from sparkify.source.batch import Prepared, Work
from sparkify.source.files import SourceFile, batches
from sparkify.source.inputs import Inputs, open_inputs
from sparkify.source.parts import Part
from sparkify.warehouse import Inexact, Warehouse, number

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
    Unreadable, AuditFailed, WarehouseInUse or WarehouseError; batches that were committed before stay.
    """
    report = report if report is not None else Report(warehouse.engine)
    with report.timed("total"), open_inputs(settings) as inputs:
        load = _Load(warehouse, inputs, settings, progress or Quiet(), report)
        inputs.check()
        warehouse.check()
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

    def __init__(
        self, warehouse: Warehouse, inputs: Inputs, settings: Settings, progress: Progress, report: Report
    ) -> None:
        self.warehouse = warehouse
        self.inputs = inputs
        self.settings = settings
        self.progress = progress
        self.report = report
        self.floor = 0
        self.conflicts = 0
        self.gave: dict[str, str] = {}
        """What each location gave before a full refresh, in words."""

    def run(self, *, full_refresh: bool) -> None:
        warehouse, report = self.warehouse, self.report
        started_at = ledger.utc_now()

        def begin() -> None:
            report.run_id = ledger.new_run(warehouse, started_at)
            ledger.begin(warehouse, report.run_id, started_at)

        try:
            warehouse.transact(begin, committed=lambda: ledger.has_run(warehouse, report.run_id or ""))
            if full_refresh:
                self._rebuild(started_at)
            else:
                self._load()
                warehouse.transact(self._finish)()
                warehouse.settle(0, 0)
        except BaseException as error:
            self._fail(error, full_refresh=full_refresh)
            raise
        finally:
            self.progress.stop()

    def _load(self, *, anew: bool = False) -> None:
        """Everything that is new, batch by batch; each commits on its own, while the next is fetched."""
        with self.report.timed("discover"):
            listing = self._discover()
            if anew:
                self._check_nothing_went_missing()
        resolved_again = self._start()
        self.progress.found(listing.pending, listing.bytes)
        files = batches(discovery.pending(self.warehouse), self.settings.batch_limit, self.inputs.counts)
        work = (self._work(batch) for batch in files)
        with closing(ahead(self._prepare, work, self.inputs.stop)) as prepared:
            for number, batch in enumerate(prepared, start=1):
                self._load_batch(number, batch)
        self.report.status = "loaded" if listing.pending or resolved_again else "nothing-new"

    def _discover(self) -> Listing:
        listing = discovery.discover(self.warehouse, self.inputs.files(), self.settings.skip)
        _tell(self.report, listing, self.inputs)
        return listing

    def _work(self, files: list[SourceFile]) -> Work:
        """A batch, with what its compacted parts hold that the ledger lacks."""
        work, skip = Work(files), self.settings.skip
        for file in files:
            compacted = self.inputs.compacted[file.kind]
            if compacted.holds(file):
                origins = compacted.origins(file)
                work.hold(file, None if origins is None else discovery.not_loaded(self.warehouse, origins), skip)
        return work

    def _prepare(self, work: Work) -> Prepared:
        """Fetch a batch and make it ready for the engine; runs beside the load of the batch before it."""
        return work.prepare(self.inputs, self.warehouse.spool.room(), self.progress.read, self.warehouse.reads)

    def _start(self) -> bool:
        """Take note of where the run starts; when `match` is another than before, resolve every track again."""
        warehouse = self.warehouse

        def note() -> str | None:
            warehouse.drop_temporary(sql_queries.RUN_TABLES)
            for table in sql_queries.RUN_TABLES:
                warehouse.run(f"run/{table}")
            self.floor = number(warehouse.rows("run/highest_songplay_id")[0][0])
            return ledger.setting(warehouse, "match")

        def resolve_again() -> bool:
            ledger.set_setting(warehouse, "match", self.settings.match)
            ledger.set_setting(warehouse, "resolve_all", "yes")
            transform(warehouse, self._batch(0), resolve_all=True)
            ledger.set_setting(warehouse, "resolve_all", None)
            audit(warehouse)
            return True

        if warehouse.transact(note) == self.settings.match or self.settings.match is None:
            return False
        warehouse.stage([])
        return warehouse.publish(resolve_again, committed=lambda: False)

    def _load_batch(self, number: int, prepared: Callable[[], Prepared]) -> None:
        """Stage, transform, audit and commit one batch of files."""
        warehouse, report = self.warehouse, self.report
        batch = self._batch(number)
        with report.timed("stage"):
            self.progress.step("read")
            ready = prepared()
        while True:
            with report.timed("stage"):
                stage(warehouse, batch, ready)
            if batch.rejects.count > batch.rejects.allowed:
                assert batch.rejects.first is not None
                report.rejected += batch.rejects.count
                raise TooManyRejects(report.rejected, self.settings.max_errors, batch.rejects.first)
            try:
                instants = warehouse.publish(
                    lambda: self._publish(batch, ready),
                    committed=lambda: ledger.has_batch(warehouse, report.run_id or "", number),
                )
                break
            except Inexact as found:
                count = len(found.parts)
                report.notes.append(f"{count} log {plural('file', count)} read on this machine after all: {found.why}")
                with report.timed("stage"):
                    ready.doubt(found.parts)
        self._note(batch, instants, ready)
        ready.spool.clear()

    def _publish(self, batch: Batch, ready: Prepared) -> int:
        """From staging to the star schema, audited and noted in the ledger, within a transaction."""
        warehouse, report = self.warehouse, self.report
        batch.take(ready)
        with report.timed("transform"):
            self.progress.step("transform")
            instants = transform(warehouse, batch)
            ledger.add_batch(warehouse, report.run_id or "", batch, ledger.utc_now())
        with report.timed("audit"):
            self.progress.step("audit")
            audit(warehouse)
        return instants

    def _batch(self, number: int) -> Batch:
        allowed = self.settings.max_errors - self.report.rejected
        return Batch(number, RejectLog(self.warehouse.spool, self.report.run_id or "", allowed))

    def _note(self, batch: Batch, instants: int, ready: Prepared) -> None:
        """A batch is committed: add it to the report."""
        report = self.report
        report.batches += 1
        report.files += len(batch.files)
        report.bytes += batch.bytes
        report.rejected += batch.rejects.count
        report.rows["staging_events"] += batch.events_staged
        report.rows["staging_songs"] += batch.songs_staged
        report.rows["songplays"] += batch.plays_new
        report.rows["time"] += instants
        self.conflicts += batch.conflicts
        report.warnings += ready.warnings
        self.warehouse.settle(batch.plays_new, self.floor + report.rows["songplays"])
        self.progress.loaded(len(batch.files), batch.bytes, batch.events_staged, batch.rejects.count)

    def _rebuild(self, started_at: datetime) -> None:
        """Load everything into a second set of tables, then let it take the place of the first.

        The old tables stay visible until then, and stay if anything fails. Plays get ids never given before.
        """
        warehouse, report = self.warehouse, self.report
        with warehouse.session():
            floor = number(warehouse.rows("run/highest_songplay_id")[0][0])
            floor = max(floor, int(ledger.setting(warehouse, "songplay_floor") or 0))
            match = self.settings.match or ledger.setting(warehouse, "match") or "resolve"
        with warehouse.rebuilding():
            create_tables.create(warehouse)

            def begin() -> None:
                ledger.begin(warehouse, report.run_id or "", started_at)
                ledger.set_setting(warehouse, "songplay_floor", str(floor))
                ledger.set_setting(warehouse, "match", match)

            def replace() -> Callable[[], None]:
                warehouse.replace_tables(REBUILT, keep=("etl_rejects",))
                ledger.set_setting(warehouse, "songplay_floor", str(floor))
                ledger.set_setting(warehouse, "match", match)
                warehouse.run("ledger/sum_run", [report.run_id])
                return self._finish()

            warehouse.transact(begin, committed=lambda: ledger.has_run(warehouse, report.run_id or ""))
            self._load(anew=True)
            report.status = "loaded"
            warehouse.transact(replace, committed=lambda: ledger.has_ended(warehouse, report.run_id or ""))()
        warehouse.settle(report.rows["songplays"], 0)

    def check_nothing_is_left_out(self) -> None:
        """A location that is not given is not touched, so what it gave cannot be rebuilt: raise UsageError."""
        with self.warehouse.session():
            loaded = self.warehouse.rows("status/files")
        self.gave = {str(kind): f"{files} {plural('file', number(files))}" for kind, files, *_ in loaded}
        for kind, gave in self.gave.items():
            if kind not in self.inputs.locations:
                raise UsageError(
                    f"--full-refresh without --{kind}-data would drop what it gave, {gave}; name that folder too"
                )

    def _check_nothing_went_missing(self) -> None:
        """To drop all that was loaded for the sake of a mistyped prefix, or of a disk not mounted, would be wrong."""
        for kind, location in self.inputs.locations.items():
            if location.empty and kind in self.gave:
                raise UsageError(
                    f"{self.inputs.names[kind]} {location.url}: holds nothing; --full-refresh would drop what it gave, "
                    f"{self.gave[kind]}; check the address, and that its disk is mounted"
                )
            self.inputs.compacted[kind].check()

    def _sum_up(self) -> Callable[[], None]:
        """Look what the run came to, within a session; gives what completes the report, for when that is committed."""
        warehouse, report = self.warehouse, self.report
        [(plays, users, songs, artists)] = warehouse.rows("run/summary", [self.floor])
        found = {str(match): number(count) for match, count in warehouse.rows("run/resolution", [self.floor])}

        def complete() -> None:
            report.rows["songplays"] += number(plays)
            report.rows |= {"users": number(users), "songs": number(songs), "artists": number(artists)}
            report.resolution |= found

        return complete

    def _finish(self) -> Callable[[], None]:
        """The run's record, within a transaction; gives what completes the report."""
        warehouse, report = self.warehouse, self.report
        complete = self._sum_up()
        warnings = list(report.warnings)
        if self.conflicts:
            warnings.append(
                f"{self.conflicts} events share time, user and session with a play but differ from it; "
                "the play that is loaded stays (R1)"
            )
        message = "; ".join(warnings) or None
        ledger.finish(warehouse, report.run_id or "", report.status, message, ledger.utc_now())

        def finished() -> None:
            complete()
            report.warnings[:] = warnings

        return finished

    def _fail(self, error: BaseException, *, full_refresh: bool) -> None:
        """Record why a run ended early; what was committed stays, but nothing of a full refresh was."""
        self.report.status = "failed"
        if full_refresh:
            self.report.forget()
        interrupted = not isinstance(error, Exception)
        message = "stopped by a signal" if interrupted else str(error)

        def note() -> None:
            status = "interrupted" if interrupted else "failed"
            ledger.finish(self.warehouse, self.report.run_id or "", status, message, ledger.utc_now())

        with suppress(SparkifyError):  # the next run marks this one interrupted; the first error is the one to tell
            self.warehouse.transact(note)
        if self.report.batches:
            # By itself: what a run notes in temporary tables may be lost with its connection, its record must not be.
            with suppress(SparkifyError):
                self.warehouse.transact(self._sum_up)()


def dry_run(
    warehouse: Warehouse, settings: Settings, report: Report, *, full_refresh: bool, tell: Callable[[str], None]
) -> None:
    """Fill the report with what a run would load, and tell the address of each file, and what would be sent for it.

    Opens the warehouse to read only, and only if it exists.
    """
    with report.timed("total"), open_inputs(settings) as inputs:
        inputs.check()
        known = False
        if warehouse.exists() and not full_refresh:
            with warehouse.session(read_only=True):
                if create_tables.schema_version(warehouse, warehouse.tables()) is not None:
                    known = True
                    if settings.match not in (None, ledger.setting(warehouse, "match")):
                        report.warnings.append(
                            f"match would become '{settings.match}', and every track be resolved again"
                        )
        with report.timed("discover"):
            listing = discovery.discover(warehouse, inputs.files(), settings.skip, ledger=known)
        _tell(report, listing, inputs)
        report.status = "dry-run"
        report.bytes = listing.bytes
        for files in batches(discovery.pending(warehouse), settings.batch_limit, inputs.counts):
            report.batches += 1
            for file in files:
                tell(f"Would load {file.url}")
            for line in warehouse.plan(files, inputs.paths() if any(file.kind == "log" for file in files) else None):
                tell(line)
        for line in warehouse.plan_of_transform() if report.batches else ():
            tell(line)


def _tell(report: Report, listing: Listing, inputs: Inputs) -> None:
    """What was listed, in the report."""
    report.discovered, report.new, report.changed = listing.discovered, listing.new, listing.changed
    report.skipped = listing.skipped
    report.warnings += inputs.warnings()


def stage(warehouse: Warehouse, batch: Batch, ready: Prepared) -> None:
    """Fill staging with the batch's records; those that cannot be loaded go to the batch's rejects.

    Files take the engine's fast reader. Those that it would bend or refuse are read again, exactly. Raises Unreadable.
    """
    _clean(batch, ready)
    while inexact := warehouse.stage(ready.parts):
        _no_way_out(inexact)
        ready.doubt(inexact)
        _clean(batch, ready)


def _clean(batch: Batch, ready: Prepared) -> None:
    for preparer in ready.preparers:
        preparer.clean(batch.rejects)
    if unreadable := [found for preparer in ready.preparers for found in preparer.unreadable]:
        raise Unreadable(unreadable)


def _no_way_out(parts: list[Part]) -> None:
    for part in parts:
        if part.trusted:
            raise WarehouseError(
                f"{part.sources[0].file.url}: staged other than it was read; nothing of the batch was loaded, "
                "please report this"
            )


def transform(warehouse: Warehouse, batch: Batch, *, resolve_all: bool = False) -> int:
    """Fill the star schema from staging, within a transaction; returns the rows added to `time`.

    The catalogue first, because plays are resolved against it; then tracks, plays and users. With `resolve_all`
    every track is resolved again, because `match` changed.
    """
    warehouse.drop_temporary(model.batch_table for model in models() if model.batch_table)
    [(events, songs)] = warehouse.rows("run/count_staged")
    batch.events_staged, batch.songs_staged = number(events), number(songs)
    brought = {"": True, "songs": bool(songs) or resolve_all, "events": bool(events)}
    for model in models():
        if model.strategy == "append" and model.table == "songplays" and events:
            # Before the plays are in: which of them were there already.
            [(known, others)] = warehouse.rows("run/count_events")
            batch.plays_known, batch.other_pages = number(known), number(others)
        if brought[model.when]:
            for statement in model.statements(warehouse.engine):
                warehouse.execute(statement)
        if model.table == "load_decoded":
            _decode_texts(warehouse)
    if not events:
        return 0
    batch.plays_new = number(warehouse.rows("run/count_plays")[0][0])
    if batch.plays_known:
        batch.conflicts = number(warehouse.rows("run/count_conflicts")[0][0])
    return number(warehouse.rows("run/count_instants")[0][0])


def _decode_texts(warehouse: Warehouse) -> None:
    """The one step of normalisation that no engine can do: undo double encoding (R2)."""
    texts = (str(text) for (text,) in warehouse.rows("run/doubtful_texts"))
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


if __name__ == "__main__":
    from sparkify.cli import door

    door(["etl", *sys.argv[1:]])
