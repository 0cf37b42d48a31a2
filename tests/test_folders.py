"""Local folders as they are found: not mounted, not readable, swapped, with links that lead nowhere or around."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Result, ask, contents, environment, inside, more_plays, small_company

LOAD = ("etl", "--song-data", "song_data", "--log-data", "log_data")


def load(folder: Path, *arguments: str, **settings: str) -> Result:
    return inside(folder, *LOAD, *arguments, **settings)


# -- what cannot be looked at -----------------------------------------------------------------------


@pytest.fixture
def anybody() -> list[str]:
    """Begins a command that is run by a user who owns nothing; root may read everything."""
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    if command and subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("root may read everything here, and cannot become somebody else")
    return command


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that others may enter, unlike those of pytest; made of a company's files."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    folder.chmod(0o777)
    try:
        yield small_company(folder)
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=True)
        shutil.rmtree(folder)


def run_as(anybody: list[str], folder: Path, *arguments: str) -> Result:
    process = subprocess.run(
        [*anybody, sys.executable, "-m", "sparkify", *arguments],
        cwd=folder, env=environment() | {"HOME": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Result(process.returncode, process.stdout, process.stderr)


def test_what_cannot_be_read_is_named_and_can_be_skipped(shared: Path, anybody: list[str]) -> None:
    logs = shared / "log_data"
    (logs / "lost+found").mkdir(mode=0)
    probe = subprocess.run(
        [*anybody, sys.executable, "-c", "import sparkify"], capture_output=True, cwd=shared, check=False
    )
    if probe.returncode:
        pytest.skip("somebody else cannot run the command here: it lies in a folder of this user's own")
    said = run_as(anybody, shared, *LOAD).failed(1)
    assert said == (
        f"{logs}/lost+found: cannot be read (Permission denied); check its permissions, or pass it over with "
        "--skip lost+found"
    )
    assert run_as(anybody, shared, *LOAD, "--skip", "lost+found").ok().out.startswith("loaded 2 files")
    assert run_as(anybody, shared, *LOAD, "--skip", "lost+found/*").ok().out.startswith("nothing new")
    # A link to a folder of which nobody can see that it is one.
    (logs / "2019").symlink_to(logs / "lost+found" / "2019")
    said = run_as(anybody, shared, *LOAD, "--skip", "lost+found").failed(1)
    assert said.startswith(f"{logs}/2019: cannot be read (Permission denied)")
    run_as(anybody, shared, *LOAD, "--skip", "lost+found", "--skip", "2019").ok()
    logs.chmod(0)
    said = run_as(anybody, shared, *LOAD).failed(2)
    assert said == "--log-data log_data: cannot be read (Permission denied); check its permissions"


def test_links_that_lead_around_or_nowhere(tmp_path: Path) -> None:
    logs = small_company(tmp_path) / "log_data"
    (logs / "loop.json").symlink_to("loop.json")
    assert load(tmp_path).failed(1) == (
        f"{logs}/loop.json: cannot be read (Too many levels of symbolic links); its links lead around in "
        "a circle, check them, or pass it over with --skip loop.json"
    )
    skip = ("--skip", "loop.json")
    assert load(tmp_path, *skip).ok().err.count("warning") == 0
    (logs / "around").symlink_to("around")  # holds nothing, whatever it was meant to be
    (logs / "up").symlink_to(".")
    more_plays(tmp_path, name="nested")
    assert load(tmp_path, *skip).ok().out.startswith("loaded 1 file ")
    (logs / "gone.json").symlink_to("nowhere.json")
    (logs / "2019").symlink_to("/nowhere/2019")
    told = f"warning: 2 links lead to what is not there, such as {logs}/2019; check that its disk is mounted\n"
    assert told in load(tmp_path, *skip).ok().err
    passed = load(tmp_path, *skip, "--skip", "gone.json", "--skip", "2019").ok()
    assert "warning" not in passed.err


def test_compact_passes_over_what_is_skipped(tmp_path: Path) -> None:
    songs = small_company(tmp_path) / "song_data"
    (songs / "loop.json").symlink_to("loop.json")
    inside(tmp_path, "compact", "song_data", "parts").failed(1)
    inside(tmp_path, "compact", "song_data", "parts", "--skip", "loop.json").ok()


# -- a disk that is not mounted ---------------------------------------------------------------------


def test_an_empty_folder_beside_one_with_files_is_told(tmp_path: Path) -> None:
    small_company(tmp_path)
    (tmp_path / "log_data").rename(tmp_path / "disk")
    (tmp_path / "log_data").mkdir()
    told = (
        f"warning: --log-data {tmp_path}/log_data: holds no data file (*.json, *.jsonl, *.ndjson, plain, .gz or .zst); "
        "check the address, and that its disk is mounted\n"
    )
    result = load(tmp_path, "--json").ok()
    assert json.loads(result.out)["files"]["discovered"] == 1
    assert told in result.err
    assert ask(tmp_path, "select message from etl_runs") == [(told.removeprefix("warning: ").strip(),)]
    assert told in load(tmp_path, "--dry-run").ok().err
    assert "SPARKIFY_LOG_DATA" in inside(tmp_path, "etl", log_data="log_data").ok().err


def test_a_full_refresh_of_an_empty_folder_is_refused(tmp_path: Path) -> None:
    load(small_company(tmp_path)).ok()
    (tmp_path / "log_data").rename(tmp_path / "disk")
    (tmp_path / "log_data").mkdir()
    before = contents(tmp_path)
    assert load(tmp_path, "--full-refresh").failed(2) == (
        f"--log-data {tmp_path}/log_data: holds nothing; --full-refresh would drop what it gave, 1 file; "
        "check the address, and that its disk is mounted"
    )
    assert contents(tmp_path) == before
    (tmp_path / "log_data").rmdir()
    (tmp_path / "disk").rename(tmp_path / "log_data")
    load(tmp_path, "--full-refresh").ok()
    assert contents(tmp_path)["songplays"] == before["songplays"]


# -- the wrong folder -------------------------------------------------------------------------------


def test_folders_that_were_swapped_once_are_loaded_when_they_are_not(tmp_path: Path) -> None:
    right = small_company(tmp_path / "right")
    load(right).ok()
    small_company(tmp_path / "other")
    folder = tmp_path / "other"
    swapped = ("etl", "--song-data", "log_data", "--log-data", "song_data", "--max-errors", "20")
    inside(folder, *swapped).ok()
    assert ask(folder, "select count(*) from songplays") == [(0,)]
    assert load(folder).ok().out.startswith("loaded 2 files")
    assert load(folder).ok().out.startswith("nothing new")
    assert inside(folder, *swapped).ok().out.startswith("nothing new")
    inside(folder, "check").ok()
    kinds = "select kind, count(*), sum(rows) from etl_files group by all order by all"
    assert ask(folder, kinds) == [("log", 2, 3), ("song", 2, 1)]
    for table in ("songplays", "users", "songs", "artists", "time"):
        assert contents(folder)[table] == contents(right)[table]
