"""Whatever becomes of what is printed, what is done stays the same: closed, full and broken streams, lost terminals."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify.sql_queries import STAR
from tests.command import (
    Result,
    ask,
    contents,
    environment,
    event,
    inside,
    leftovers,
    more_plays,
    runs,
    small_company,
    write_json,
)

LOAD = ("etl", "--song-data", "song_data", "--log-data", "log_data")
CLOSED = "<&- >&- 2>&-"


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files, none of them loaded. Each load of a copy is compared with what an undisturbed one makes of them."""
    folder = small_company(tmp_path_factory.mktemp("raw"))
    more_plays(folder)
    (folder / "log_data" / "bad.json").write_text('{"page": "NextSong"}\n')
    return folder


def redirected(folder: Path, streams: str, *arguments: str, module: str = "sparkify") -> Result:
    """Run the command with the streams as a shell redirects them; `| true` is a pipe that nobody reads any more."""
    redirections, pipe, _ = streams.partition("| true")
    reader, writer = os.pipe()
    os.close(reader)
    line = f'exec "$@" {redirections}'
    try:
        process = subprocess.run(
            ["sh", "-c", line, "sh", sys.executable, "-m", module, *arguments],
            cwd=folder, env=environment(), stdin=subprocess.DEVNULL, timeout=120, check=False, encoding="utf-8",
            stdout=writer if pipe else subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    finally:
        os.close(writer)
    result = Result(process.returncode, process.stdout or "", process.stderr)
    assert "Traceback" not in result.err
    assert "should not happen" not in result.err
    return result


def stars(folder: Path) -> dict[str, object]:
    """What a load made, but for where it lies and when."""
    found: dict[str, object] = dict(contents(folder).items())
    return found | {"etl_files": len(contents(folder)["etl_files"]), "etl_songs": None, "etl_rejects": None}


STATES = ("2>/dev/full", "2>&1 | true", ">&-", "2>&-", ">&0 2>&0")
"""The last: descriptors that are there and cannot be written to. What is closed altogether is tried below."""


def test_a_load_is_the_same_whatever_becomes_of_what_it_says(raw: Path, tmp_path: Path) -> None:
    undisturbed = shutil.copytree(raw, tmp_path / "undisturbed")
    inside(undisturbed, *LOAD, "--max-errors", "1").ok()
    wanted = stars(undisturbed)
    for number, streams in enumerate(STATES):
        folder = shutil.copytree(raw, tmp_path / str(number))
        result = redirected(folder, streams, *LOAD, "--max-errors", "1", *(("--json",) if streams == ">&-" else ()))
        assert (streams, result.exit_code) == (streams, 0)
        assert stars(folder) == wanted
        assert ask(folder, "select status, message from etl_runs") == [("loaded", None)]
        assert leftovers(folder) == []


def test_a_load_that_fails_keeps_its_exit_code(raw: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(raw, tmp_path / "copy")
    assert redirected(folder, CLOSED, *LOAD).exit_code == 3
    [(status, message)] = ask(folder, "select status, message from etl_runs")
    assert status == "failed"
    assert "bad.json:1: " in message
    assert redirected(folder, "2>/dev/full", "etl", "--song-data", "nowhere").exit_code == 2


def test_what_cannot_be_told_is_said_where_that_is_possible(loaded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(loaded, tmp_path / "copy")
    full = "sparkify: standard output cannot be written (No space left on device)"
    result = redirected(folder, ">/dev/full", *LOAD, "--json")
    assert (result.exit_code, result.err.splitlines()[-1]) == (0, f"{full}; all was done")
    for arguments in (("sql", "SELECT 1"), ("--help",)):
        assert redirected(folder, ">/dev/full", *arguments) == Result(1, "", f"{full}\n")
    assert redirected(folder, ">/dev/full", module="sparkify.sql_queries") == Result(1, "", f"{full}\n")
    closed = Result(1, "", "sparkify: standard output cannot be written (it is closed)\n")
    assert redirected(folder, ">&-", "--help") == closed
    assert redirected(folder, "| true", "--help") == Result(1, "", "")  # as of any program that wrote to a pipe
    assert redirected(folder, ">&-", "query", "peak-hour", "--output", "hours.csv", "--format", "csv").exit_code == 0
    assert (folder / "hours.csv").read_text().startswith("hour,")


def test_every_command_does_what_it_does(loaded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(loaded, tmp_path / "copy")

    def run(streams: str, *arguments: str, module: str = "sparkify") -> None:
        assert (arguments, redirected(folder, streams, *arguments, module=module).exit_code) == (arguments, 0)

    lost = ">/dev/full 2>&1"
    run(lost, module="sparkify.create_tables")
    run(lost, "check")
    run(lost, "export", "out")
    run(lost, "compact", "song_data", "compacted")
    run(lost, "simulate", "simulated", "--events", "50", "--songs", "5", "--users", "5", "--days", "2")
    run(lost, "demo", "--events", "300")
    assert {path.stem for path in (folder / "out").iterdir()} == set(STAR)
    assert (folder / "compacted" / "sparkify.manifest").exists()
    assert (folder / "simulated" / "log_data").is_dir()
    assert runs(folder / "demo") == ["loaded"]
    assert redirected(folder, CLOSED, "create-tables", "--drop").exit_code == 2
    assert runs(folder) == ["loaded"]


def test_the_warehouse_never_gets_the_number_of_a_closed_stream(raw: Path, tmp_path: Path) -> None:
    """Whatever writes to descriptor 2, be it a library or the interpreter, must not write into a file of ours."""
    folder = shutil.copytree(raw, tmp_path / "copy")
    script = (
        "import os, sys\n"
        "import sparkify.etl\n"
        "from sparkify import cli, streams\n"
        "streams.hold()\n"
        "assert cli.main(sys.argv[1:]) == 0\n"
        "sys.exit([os.readlink(f'/proc/self/fd/{number}') for number in range(3)] != ['/dev/null'] * 3)\n"
    )
    command = ["sh", "-c", f'exec "$@" {CLOSED}', "sh", sys.executable, "-c", script, *LOAD, "--max-errors", "1"]
    assert subprocess.run(command, cwd=folder, env=environment(), timeout=120, check=False).returncode == 0
    assert runs(folder) == ["loaded"]


def test_a_load_outlives_its_terminal(raw: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(raw, tmp_path / "copy")
    write_json(folder / "log_data" / "many.json", [event(ts=1541300000000 + 1000 * n) for n in range(5_000)])
    keyboard, terminal = os.openpty()

    process = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", "sparkify", *LOAD, "--max-errors", "1", "--batch-bytes", "1"],
        cwd=folder, env=environment(), stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    assert os.read(keyboard, 1)  # the bar is there, so the load is under way
    os.close(keyboard)  # and now the terminal is not
    assert process.wait(timeout=120) == 0
    assert runs(folder) == ["loaded"]
    assert ask(folder, "select count(*) from songplays") == [(5_003,)]


def test_a_pipe_that_does_not_block_gets_all_of_it(loaded: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkify", "sql", "SELECT range, repeat('x', 100) AS t FROM range(1000)", "-f", "json"],
        cwd=loaded, env=environment(), stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        rows = json.load(stream)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err, len(rows)) == (0, b"", 1000)


def test_what_an_encoding_cannot_say_is_written_as_its_number(loaded: Path) -> None:
    command = [sys.executable, "-m", "sparkify", "sql", "SELECT 'Sigur Rós' AS name"]
    process = subprocess.run(
        command, cwd=loaded, env=environment() | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert rb"Sigur R\xf3s" in process.stdout


def test_a_terminal_that_goes_away_answers_no(loaded: Path) -> None:
    keyboard, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkify", "create-tables", "--drop"],
        cwd=loaded, env=environment(), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(terminal)
    assert process.stderr is not None
    assert process.stderr.read(4) == b"Drop"
    os.close(keyboard)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert b"nothing was dropped" in err
    assert b"Traceback" not in err
