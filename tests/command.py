"""Run the program as its users meet it: a process of its own, in a folder, with none of our environment."""

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from sparkify import cli
from sparkify.sql_queries import STAR
from tests import forking

TIMEOUT = 120
"""Seconds after which a process is stuck rather than slow."""

DATABASE = "sparkify.duckdb"
"""The default warehouse, in the folder where the program runs."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a process said, and how it left."""

    exit_code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The message of the one line on standard error that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("sparkify: ")]
        assert len(lines) == 1, f"not one line of error:\n{self.err}"
        assert "Traceback" not in self.err, self.err
        return lines[0].removeprefix("sparkify: ")

    def failed(self, exit_code: int) -> str:
        """The message of a process that must say nothing but that, and leave with this code."""
        assert self.exit_code == exit_code, f"exit {self.exit_code} instead of {exit_code}\n{self.out}\n{self.err}"
        message = self.error
        assert self.err == f"sparkify: {message}\n", f"more than one line:\n{self.err}"
        return message

    def ok(self) -> "Result":
        """This result, of a process that must have succeeded."""
        assert self.exit_code == 0, f"exit {self.exit_code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.err, self.err
        return self


def environment(**settings: str) -> dict[str, str]:
    """Our environment without any SPARKIFY_* but those given, such as `wait="0.5"`."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("SPARKIFY_")}
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "PYTEST_CURRENT_TEST"):
        kept.pop(name, None)
    return kept | {f"SPARKIFY_{name.upper()}": value for name, value in settings.items()}


def start(folder: Path, *arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
    """The command, started in the folder; nobody answers its questions."""
    return start_python(folder, "-m", "sparkify", *arguments, **settings)


def start_python(folder: Path, *arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
    """Python, started in the folder."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen[str]) -> Result:
    """Wait for a process to end."""
    try:
        out, err = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"stuck:\n{out}\n{err}") from None
    return Result(process.returncode, out, err)


def sparkify(folder: Path, *arguments: str | Path, **settings: str) -> Result:
    """Run the command in the folder, to its end: in a process of its own, a copy of one that has loaded the program."""
    given, server = environment(**settings), forking.server()
    if forking.heeded(given) != server.environment:
        return finish(start(folder, *arguments, **settings))
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        code = server.run(folder, given, list(map(str, arguments)), out.name, err.name)
        said = [Path(file.name).read_text(encoding="utf-8") for file in (out, err)]
    assert code != -signal.SIGALRM, f"stuck:\n{said[0]}\n{said[1]}"
    return Result(code, *said)


def inside(folder: Path, *arguments: str | Path, **settings: str) -> Result:
    """Run the command in the folder, but within this process: for what is tried many times over."""
    out, err = io.StringIO(), io.StringIO()
    with (
        chdir(folder),
        patch.dict(os.environ, environment(**settings), clear=True),
        patch.object(sys, "stdin", io.StringIO()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        exit_code = cli.main([str(argument) for argument in arguments])
    return Result(exit_code, out.getvalue(), err.getvalue())


def etl(folder: Path, *arguments: str | Path, **settings: str) -> Result:
    """Run `sparkify etl` over the folder's own song_data and log_data."""
    return sparkify(folder, "etl", "--song-data", "song_data", "--log-data", "log_data", *arguments, **settings)


def start_etl(folder: Path, *arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
    """Start `sparkify etl` over the folder's own song_data and log_data."""
    return start(folder, "etl", "--song-data", "song_data", "--log-data", "log_data", *arguments, **settings)


# -- raw data, by hand ------------------------------------------------------------------------------


def event(**fields: object) -> dict[str, object]:
    """A play of a known user; give fields to make it another event."""
    return {
        "artist": "The Artist", "auth": "Logged In", "firstName": "Ada", "gender": "F", "itemInSession": 0,
        "lastName": "Smith", "length": 200.5, "level": "free", "location": "Lyon", "method": "PUT",
        "page": "NextSong", "registration": 1.5e12, "sessionId": 1, "song": "The Song", "status": 200,
        "ts": 1541106106796, "userAgent": "Mozilla", "userId": "7",
    } | fields  # fmt: skip


def song(**fields: object) -> dict[str, object]:
    """A song of the catalogue, the one that `event` plays."""
    return {
        "num_songs": 1, "artist_id": "AR1", "artist_latitude": None, "artist_longitude": None, "artist_location": "",
        "artist_name": "The Artist", "song_id": "SO1", "title": "The Song", "duration": 200.5, "year": 2001,
    } | fields  # fmt: skip


def write_json(path: Path, records: Iterable[dict[str, object]], *, after: str = "\n") -> Path:
    """Write records, one a line, into a file whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, records)) + after, encoding="utf-8")
    return path


def small_company(folder: Path) -> Path:
    """One song, two plays and a visit of the home page, in a folder for `etl`."""
    write_json(folder / "song_data" / "A" / "one.json", [song()])
    plays = [event(), event(ts=1541106206796, itemInSession=1, level="paid"), event(ts=1541106306796, page="Home")]
    write_json(folder / "log_data" / "2018-11-01-events.json", plays)
    return folder


def more_plays(folder: Path, *, name: str = "more", ts: int = 1541200000000) -> Path:
    """Another log file with one play."""
    return write_json(folder / "log_data" / f"{name}.json", [event(ts=ts)])


# -- the warehouse, looked at from outside ----------------------------------------------------------


def ask(folder: Path, sql: str, parameters: Sequence[object] = (), *, database: str = DATABASE) -> list[Row]:
    """What the warehouse holds, read with nothing but the engine."""
    connection = duckdb.connect(str(folder / database), read_only=True)
    try:
        return connection.execute(sql, list(parameters)).fetchall()
    finally:
        connection.close()


def tamper(folder: Path, *statements: str, database: str = DATABASE) -> None:
    """Change the warehouse by hand."""
    connection = duckdb.connect(str(folder / database))
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Table:
    """What a Parquet file holds."""

    columns: list[str]
    types: list[str]
    rows: list[Row]


def read_parquet(path: Path) -> Table:
    """A Parquet file, read with nothing but the engine; rows in their order."""
    connection = duckdb.connect()
    try:
        result = connection.execute("from read_parquet(?)", [str(path)])
        described = result.description or []
        return Table([str(name) for name, *_ in described], [str(kind) for _, kind, *_ in described], result.fetchall())
    finally:
        connection.close()


def contents(folder: Path, *, database: str = DATABASE) -> dict[str, list[Row]]:
    """What loads must agree on whatever happened on the way: the star schema but for songplay_id, the ledger,
    the catalogue and what the next load needs to know.
    """
    plays = (
        "select songplays.* exclude (songplay_id), etl_plays.item_in_session, etl_tracks.song, etl_tracks.artist, "
        "etl_tracks.length, etl_tracks.match from songplays left join etl_plays using (songplay_id) "
        "left join etl_tracks using (track_id)"
    )
    tables = {table: f"from {table}" for table in (*STAR, "staging_songs", "etl_users", "etl_songs")}
    tables |= {
        "songplays": plays,
        "etl_files": "select url, etag, size, modified, kind, rows, rejected from etl_files",
        "etl_tracks": "select * exclude (track_id) from etl_tracks",
        "etl_rejects": "select url, line, reason, record from etl_rejects",
    }
    return {
        table: ask(folder, f"select * from ({sql}) order by all", database=database) for table, sql in tables.items()
    }


def runs(folder: Path, *, database: str = DATABASE) -> list[str]:
    """The status of every run, oldest first."""
    return [str(status) for (status,) in ask(folder, "select status from etl_runs order by run_id", database=database)]


def leftovers(folder: Path, *, database: str = DATABASE) -> list[str]:
    """What lies beside the warehouse that belongs to it: nothing, when nobody uses it."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(f"{database}."))


def unchanged(path: Path) -> Callable[[], bool]:
    """A question to ask later: does the file still hold the same bytes?"""
    before = path.read_bytes()
    return lambda: path.read_bytes() == before
