"""The command line: thin, one function a command. Heavy imports wait until a command needs them."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from sparkify import __version__, streams
from sparkify.cli_asking import asking
from sparkify.cli_options import (
    Anonymous,
    Concurrency,
    CopyRole,
    FormatOption,
    Json,
    JsonPaths,
    LogData,
    Output,
    Skip,
    SongData,
    SpoolDir,
    Staging,
    WarehouseOption,
)
from sparkify.cli_support import engine_of, file_for, opened, reading, refused, settings_for
from sparkify.cli_usage import misplaced, wrong_end
from sparkify.cloud.commands import app as cloud
from sparkify.errors import AuditFailed, SparkifyError, UsageError
from sparkify.stopping import stoppable
from sparkify.terminal import confirmed, delivered, fail, leave, printable, say, stopped

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="sparkify",
    help="Raw JSON of a music streaming company in, a star schema for song-play analysis out, exactly once.\n\n"
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 too many rejected records; 4 an audit failed; "
    "5 the warehouse is in use.\n\nStart here: sparkify demo",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_ACTS = (
    "demo", "create-tables", "etl", "check", "export", "compact", "simulate", "report", "dashboard",
    "cloud deploy", "cloud destroy",
)  # fmt: skip
"""Commands whose exit code says how it went, whoever reads what they print."""

_STOPPED = 130
"""What the command line's own parser makes of Ctrl-C."""


app.add_typer(cloud, name="cloud")


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit",
            is_eager=True,
            callback=print_version,
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error")] = False,
) -> None:
    """Options that come before the command."""


def print_version(shown: bool) -> None:
    """Print the version and leave, when asked to."""
    if shown:
        say(f"sparkify {__version__}")
        raise typer.Exit


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo's files go; made anew each time")] = Path("demo"),
    events: Annotated[int, typer.Option(help="How many events to simulate")] = 100_000,
) -> None:
    """Simulate a small company, load it, and answer the example queries: all embedded.

    Example: sparkify demo
    """
    from sparkify.demo import run_demo

    with stoppable():
        run_demo(folder, events)


@app.command("create-tables")
def create_tables(
    warehouse: WarehouseOption = None,
    drop: Annotated[bool, typer.Option("--drop", help="First drop every table of ours")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before dropping")] = False,
) -> None:
    """Create every missing table; bring an older warehouse up to date.

    Example: sparkify create-tables --warehouse duckdb:///sparkify.duckdb
    """
    from sparkify import create_tables as tables

    with opened(settings_for(warehouse=warehouse)) as house, house.loading():
        if drop and house.exists():
            if not yes and not confirmed(f"Drop every table of {house.url}, with all its data?"):
                raise UsageError("nothing was dropped; pass --yes to drop without a question")
            dropped = tables.drop(house)
            say(f"dropped {len(dropped)} tables")
        created = tables.create(house)
        say(
            f"created {len(created)} tables in {house.url}"
            if created
            else f"every table is there already in {house.url}"
        )


@app.command()
def etl(
    warehouse: WarehouseOption = None,
    song_data: SongData = None,
    log_data: LogData = None,
    jsonpaths: JsonPaths = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild everything from the source as it is")
    ] = False,
    max_errors: Annotated[
        int | None, typer.Option(metavar="N", help="Set up to N bad records aside, over the run (default 0)")
    ] = None,
    skip: Skip = None,
    batch_bytes: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Source bytes a batch (default 256MB, Redshift 4GB)")
    ] = None,
    match: Annotated[
        str | None,
        typer.Option(
            metavar="exact|resolve",
            help="How plays find songs (default: as the warehouse is set, at first resolve)",
        ),
    ] = None,
    anonymous: Anonymous = None,
    concurrency: Concurrency = None,
    spool_dir: SpoolDir = None,
    staging: Staging = None,
    copy_role: CopyRole = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be loaded, change nothing")] = False,
    as_json: Json = False,
) -> None:
    """Load what is new: discover, stage, transform, audit, commit.

    Example: sparkify etl --song-data data/song_data --log-data data/log_data
    """
    from sparkify import etl as pipeline
    from sparkify import progress
    from sparkify.run_report import Report, summary

    report = Report("duckdb")
    try:
        settings = settings_for(
            warehouse=warehouse, song_data=song_data, log_data=log_data, jsonpaths=jsonpaths, max_errors=max_errors,
            skip=skip or None, batch_bytes=batch_bytes, match=match, anonymous=anonymous, concurrency=concurrency,
            spool_dir=spool_dir, staging=staging, copy_role=copy_role,
        )  # fmt: skip
        report.engine = engine_of(settings)
        with opened(settings) as house, stoppable():
            if dry_run:
                pipeline.dry_run(
                    house, settings, report, full_refresh=full_refresh, tell=(lambda _: None) if as_json else say
                )
            else:
                display = progress.choose()
                pipeline.run(house, settings, full_refresh=full_refresh, progress=display, report=report)
    finally:
        if as_json:
            sys.stdout.write(json.dumps(report.as_dict()) + "\n")
    for kind, told in (("note", report.notes), ("warning", report.warnings)):
        for line in told:
            sys.stderr.write(f"{kind}: {printable(line)}\n")
    if not as_json:
        for line in summary(report):
            say(printable(line))


@app.command()
def status(
    warehouse: WarehouseOption = None,
    song_data: SongData = None,
    log_data: LogData = None,
    jsonpaths: JsonPaths = None,
    anonymous: Anonymous = None,
    as_json: Json = False,
) -> None:
    """Is it healthy, what is loaded, what is pending, how well do plays match.

    Example: sparkify status --song-data data/song_data --log-data data/log_data
    """
    from sparkify import status_view
    from sparkify.status import status as look

    settings = settings_for(
        warehouse=warehouse, song_data=song_data, log_data=log_data, jsonpaths=jsonpaths, anonymous=anonymous
    )
    with reading(settings, attach=False) as house:
        found = look(house, settings)
    status_view.show(found, as_json=as_json)


@app.command()
def rejects(
    warehouse: WarehouseOption = None,
    run: Annotated[str, typer.Option(metavar="RUN_ID", help="Only of this run")] = "",
    limit: Annotated[int, typer.Option(help="How many at most")] = 100,
    form: FormatOption = "table",
    output: Output = None,
) -> None:
    """Rejected records with file, line and reason.

    Example: sparkify rejects --format csv --output rejects.csv
    """
    from sparkify import output as paper
    from sparkify.warehouse import Answer

    if not 1 <= limit <= 1_000_000:
        raise UsageError(f"--limit {limit}: give a whole number from 1 to 1,000,000")
    settings = settings_for(warehouse=warehouse)
    with file_for(output, settings) as path:
        paper.check_form(form, path, settings.warehouse)
        with reading(settings) as house:
            rows = house.rows("status/rejects", [run or "%", limit])
        if form == "table":
            rows = [(*row[:4], paper.shortened(str(row[4]))) for row in rows]
        answer = Answer(
            ("run_id", "file", "line", "reason", "record"),
            ("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR", "VARCHAR"),
            rows,
        )
        if not rows and form == "table":
            say("no rejected records")
            return
        paper.write_answer(answer, form, path)


@app.command()
def check(warehouse: WarehouseOption = None) -> None:
    """Run every audit against the warehouse as it stands.

    Example: sparkify check
    """
    from sparkify import audit, sql_queries

    with reading(settings_for(warehouse=warehouse)) as house:
        found = audit.whole_warehouse(house)
    broken = {violation.rule for violation in found}
    for name in sql_queries.audits():
        rule = name.removeprefix("audit/")
        say(f"{'FAILED' if rule in broken else 'ok    '}  {rule}")
    if found:
        raise AuditFailed(found, "Mend the rows, or rebuild with `sparkify etl --full-refresh`.")


@app.command()
def export(
    place: Annotated[str, typer.Argument(metavar="DIR", help="Folder or s3://… for the files, one a table")],
    warehouse: WarehouseOption = None,
    staging: Staging = None,
    copy_role: CopyRole = None,
) -> None:
    """Write the star schema as Parquet.

    Example: sparkify export parquet/
    """
    from sparkify import export as exports

    settings = settings_for(warehouse=warehouse, staging=staging, copy_role=copy_role)
    exports.check_place(place, settings.warehouse)
    with stoppable():
        for table, rows, where in exports.export_star(reading(settings), place, settings.access):
            say(f"{table}: {rows:,} rows in {printable(where)}")


@app.command()
def compact(
    source: Annotated[str, typer.Argument(metavar="SRC", help="Folder or s3://… of many small files")],
    target: Annotated[str, typer.Argument(metavar="DST", help="Folder or s3://… for the parts")],
    part_bytes: Annotated[str, typer.Option(metavar="SIZE", help="Bytes of one part before compression")] = "64MB",
    codec: Annotated[str, typer.Option("--compression", metavar="zst|gz", help="Of the parts")] = "zst",
    skip: Skip = None,
    anonymous: Anonymous = None,
    concurrency: Concurrency = None,
    spool_dir: SpoolDir = None,
) -> None:
    """Rewrite many small files into few parts, which `sparkify etl` loads as the files that they hold.

    Run again, it adds what is new or changed since.

    Example: sparkify compact s3://bucket/song_data s3://bucket/compacted/song_data
    """
    from sparkify import compact as compaction

    settings = settings_for(skip=skip or None, anonymous=anonymous, concurrency=concurrency, spool_dir=spool_dir)
    with stoppable():
        done = compaction.run(source, target, settings, part_bytes, codec)
    for warning in compaction.warnings(done):
        sys.stderr.write(f"warning: {printable(warning)}\n")
    for line in compaction.summary(done):
        say(printable(line))


@app.command()
def simulate(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder or s3://… for song_data/ and log_data/")],
    events: Annotated[int, typer.Option(help="How many events")] = 10_000,
    songs: Annotated[int, typer.Option(help="How many songs in the catalogue")] = 500,
    users: Annotated[int, typer.Option(help="How many users")] = 100,
    start: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="First day")] = "2018-11-01",
    days: Annotated[int, typer.Option(help="How many days")] = 30,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files")] = 0,
    exact: Annotated[float, typer.Option(help="Share of plays that match a song exactly")] = 0.30,
    title: Annotated[float, typer.Option(help="Share that match a song by title")] = 0.10,
    artist: Annotated[float, typer.Option(help="Share that match an artist only")] = 0.35,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Plant what real data has: broken, repeated and late records")
    ] = False,
) -> None:
    """Write the raw files of a simulated company.

    Example: sparkify simulate data --events 100000 --seed 7
    """
    from datetime import date

    from sparkify.publish import publish
    from sparkify.simulate import Company
    from sparkify.source.access import is_remote, parse

    try:
        first_day = date.fromisoformat(start)
    except ValueError as error:
        raise UsageError(f"--start {start}: write a day like 2018-11-01") from error
    try:
        company = Company(events, songs, users, first_day, days, seed, exact, title, artist, dirty)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with stoppable():
        written = publish(company, out, settings_for())
    place = parse(out).url if is_remote(out) else out
    say(
        f"wrote {written.events:,} events in {written.log_files:,} log files and {written.songs:,} songs in "
        f"{written.song_files:,} song files to {place}, {written.bytes / 1e6:,.1f} MB"
    )
    hint = f" --max-errors {written.bad_records}" if written.bad_records else ""
    say(f"load them: sparkify etl --song-data {place}/song_data --log-data {place}/log_data{hint}")


app.registered_commands += asking.registered_commands


def door(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line as a process of its own, to the end of the process."""
    streams.hold()
    leave(main(arguments))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    return delivered(run(given), acts=" ".join(given).startswith(_ACTS))


def run(given: list[str]) -> int:
    """Run a command; the one place that prints an error and chooses its exit code."""
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]  # welcome behind the command as well
    given = given or ["--help"]
    if (message := wrong_end(given)) is not None:
        return wrong_usage(message, given)
    try:
        command: Any = typer.main.get_command(app)
        result = command.main(args=given, prog_name="sparkify", standalone_mode=False)
    except SparkifyError as error:
        if debug:
            traceback.print_exc()
        return fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return stopped()
    except Exception as error:
        if debug:
            traceback.print_exc()
        return unexpected(error, given)
    if result == _STOPPED:
        return stopped()
    return result if isinstance(result, int) else 0


def unexpected(error: Exception, given: list[str]) -> int:
    """Wrong usage as the command line's own parser found it, or something nobody foresaw."""
    show = getattr(error, "format_message", None)
    if show is not None:
        known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
        command = f"sparkify {given[0]}" if given[0] in known else "sparkify"
        message = misplaced(given, known) or " ".join(str(show()).split()).rstrip(".")
        return wrong_usage(f"{message}. Try `{command} --help`.", given)
    if type(error).__name__ == "Abort":
        return stopped()
    told = refused(error)
    if told is not None:
        return fail(str(told), told.exit_code)
    return fail(f"{type(error).__name__}: {error}; this should not happen, --debug shows where", 1)


def wrong_usage(message: str, given: list[str]) -> int:
    """Say what is wrong with a command that did not even begin."""
    if given[0] == "etl" and "--json" in given:
        from sparkify.run_report import Report

        say(json.dumps(Report("duckdb").as_dict()))
    return fail(message, UsageError.exit_code)


if __name__ == "__main__":
    door()
