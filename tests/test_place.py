"""Where a warehouse lies: nothing but what we made is removed, and lock and spool go by the file, not by its name."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sparkify.warehouse.duckdb import DuckDBWarehouse
from tests.command import (
    DATABASE,
    ask,
    contents,
    finish,
    inside,
    leftovers,
    more_plays,
    runs,
    small_company,
    sparkify,
    start_etl,
    write_json,
)

DATA = ("--song-data", "song_data", "--log-data", "log_data")
COMMANDS = (
    ("etl", *DATA), ("etl", *DATA, "--full-refresh"), ("etl", *DATA, "--dry-run"), ("create-tables",),
    ("create-tables", "--drop", "--yes"), ("status",), ("check",), ("rejects",), ("query", "peak-hour"),
    ("sql", "select 1"), ("export", "out"), ("report", "r.html"), ("dashboard", "--no-open"),
)  # fmt: skip


def identity(path: Path) -> tuple[int, ...]:
    """Which file it is, and what differs when it was written."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)  # a name of a socket is short


def device(path: Path) -> None:
    """What /dev/null is."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


def circle(path: Path) -> None:
    path.symlink_to(path.name)


def astray(path: Path) -> None:
    path.symlink_to("nowhere/w.duckdb")


def text(path: Path) -> None:
    path.write_text("years of work", encoding="utf-8")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(4096))


@pytest.mark.parametrize(
    "make", [pipe, listening, device, circle, astray, text, zeros, Path.mkdir], ids=lambda make: make.__name__
)
@pytest.mark.parametrize("linked", [False, True], ids=["", "through a link"])
def test_what_is_no_database_is_refused_by_every_command_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], linked: bool
) -> None:
    small_company(tmp_path)
    monkeypatch.chdir(tmp_path)
    made = tmp_path / ("other" if linked else DATABASE)
    make(made)
    if linked:
        (tmp_path / DATABASE).symlink_to("other")
    before = {path.name: identity(path) for path in tmp_path.iterdir()}
    for command in COMMANDS:
        message = inside(tmp_path, *command, wait="0.1").failed(2)
        assert f"duckdb:///{DATABASE}: " in message, command
    assert {path.name: identity(path) for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("size", [0, 4096, 8192])
def test_what_a_killed_load_began_is_completed_where_the_link_leads(tmp_path: Path, size: int) -> None:
    small_company(tmp_path)
    disk = tmp_path / "disk"
    disk.mkdir()
    file = disk / "w.duckdb"
    duckdb.connect(str(file)).close()
    os.truncate(file, size)
    file.chmod(0o640)
    before = file.stat()
    (tmp_path / DATABASE).symlink_to("disk/w.duckdb")
    for command in (("query", "peak-hour"), ("sql", "select 1"), ("status",), ("export", "out")):
        assert "there is no warehouse" in inside(tmp_path, *command).failed(2)
    inside(tmp_path, "etl", *DATA).ok()
    assert (tmp_path / DATABASE).is_symlink()
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]
    assert (file.stat().st_ino, file.stat().st_mode) == (before.st_ino, before.st_mode)
    assert [path.name for path in disk.iterdir()] == ["w.duckdb"]


def test_an_empty_file_beside_a_log_that_is_not_is_left_to_its_owner(tmp_path: Path) -> None:
    small_company(tmp_path)
    (tmp_path / DATABASE).touch()
    log = tmp_path / f"{DATABASE}.wal"
    log.write_bytes(b"plays that were committed")
    assert "restore the file, or move the log away" in inside(tmp_path, "etl", *DATA).failed(2)
    assert log.read_bytes() == b"plays that were committed"


def test_a_link_to_what_is_not_there_yet_is_where_it_is_made(tmp_path: Path) -> None:
    small_company(tmp_path)
    (tmp_path / "disk").mkdir()
    (tmp_path / DATABASE).symlink_to("disk/w.duckdb")
    inside(tmp_path, "etl", *DATA).ok()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["w.duckdb"]
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]


def as_file(path: Path) -> None:
    path.write_text("notes", encoding="utf-8")


def as_link(path: Path) -> None:
    path.symlink_to("notes")


def as_folder(path: Path) -> None:
    path.mkdir()
    (path / "notes").write_text("notes", encoding="utf-8")


@pytest.mark.parametrize(
    ("ending", "make"),
    [(".lock", as_file), (".lock", as_link), (".lock", as_folder), (".lock", pipe), (".spool", as_file),
     (".spool", as_link), (".spool", as_folder)],
    ids=lambda given: given if isinstance(given, str) else given.__name__,
)  # fmt: skip
def test_what_has_the_name_of_the_lock_or_the_spool_but_is_another_s_stays(
    tmp_path: Path, ending: str, make: Callable[[Path], None]
) -> None:
    small_company(tmp_path)
    notes = tmp_path / "notes"
    notes.write_text("notes", encoding="utf-8")
    there = tmp_path / f"{DATABASE}{ending}"
    make(there)
    before = identity(there)
    for _ in range(2):
        message = inside(tmp_path, "etl", *DATA, wait="0.1").failed(2)
        assert message.startswith(f"{there.name}: is ")
    assert identity(there) == before
    assert notes.read_text(encoding="utf-8") == "notes"
    if make is as_folder:
        assert (there / "notes").read_text(encoding="utf-8") == "notes"
    inside(tmp_path, "query", "peak-hour").failed(2)


def test_a_refresh_through_a_link_and_loads_through_the_file_wait_for_each_other(tmp_path: Path) -> None:
    small_company(tmp_path)
    links = tmp_path / "links"
    links.mkdir()
    (links / "folder").symlink_to("..")
    (links / "w.duckdb").symlink_to(f"folder/{DATABASE}")
    processes = [
        start_etl(tmp_path, *more, "--warehouse", f"duckdb:///{name}", wait="60")
        for name in ("links/w.duckdb", DATABASE, f"links/folder/{DATABASE}")
        for more in (("--full-refresh",), ())
    ]
    for process in processes:
        finish(process).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]
    assert set(runs(tmp_path)) <= {"loaded", "nothing-new"}
    assert len(runs(tmp_path)) == 6
    assert leftovers(tmp_path) == []
    assert sorted(path.name for path in links.iterdir()) == ["folder", "w.duckdb"]


def test_a_stopped_load_holds_the_file_by_whatever_name_and_its_spool_is_cleared_by_the_next(tmp_path: Path) -> None:
    small_company(tmp_path)
    (tmp_path / "disk").mkdir()
    (tmp_path / DATABASE).symlink_to("disk/w.duckdb")
    for number in range(30):
        more_plays(tmp_path, name=str(number), ts=1541200000000 + number)
    load = start_etl(tmp_path, "--batch-bytes", "1")
    assert load.stderr is not None
    while not load.stderr.readline().startswith("committed"):
        pass
    load.send_signal(signal.SIGSTOP)
    try:
        message = sparkify(tmp_path, "etl", *DATA, "--warehouse", "duckdb:///disk/w.duckdb", wait="0.3").failed(5)
        assert f"another load is running (process {load.pid})" in message
        beside = {path.name for path in (tmp_path / "disk").iterdir()}
        assert {"w.duckdb", "w.duckdb.lock", "w.duckdb.spool"} <= beside
        # Those who read make way for it, by whatever name.
        for name in (DATABASE, "disk/w.duckdb"):
            assert DuckDBWarehouse(tmp_path / name).is_loading()
    finally:
        load.kill()
        finish(load)
    inside(tmp_path, "etl", *DATA, "--warehouse", "duckdb:///disk/w.duckdb").ok()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["w.duckdb"]
    assert ask(tmp_path, "select count(*) from songplays") == [(32,)]


def test_what_runs_keep_among_the_data_is_not_taken_for_data(tmp_path: Path) -> None:
    """The warehouse lies in the data folder: its own spool, those that kills left, and one as it was laid out before."""
    small_company(tmp_path)
    logs = tmp_path / "log_data"
    url = f"duckdb:///log_data/{DATABASE}"
    for number in range(60):
        more_plays(tmp_path, name=str(number), ts=1541200000000 + 1000 * number)
    load = start_etl(tmp_path, "--warehouse", "duckdb:///log_data/killed.duckdb", "--batch-bytes", "1")
    assert load.stderr is not None
    while not load.stderr.readline().startswith("committed"):
        pass
    load.kill()
    finish(load)
    assert list(logs.glob("killed.duckdb.spool/.files/*"))
    for before in ("killed.duckdb.spool", "old.duckdb.spool", "sparkify-a1b2.scratch/files"):
        write_json(logs / before / "room-7" / "joined-log-0.json", [{"page": "never"}])
    (logs / "old.duckdb.lock").touch()
    for _ in range(2):
        done = sparkify(tmp_path, "etl", *DATA, "--warehouse", url, "--json").ok()
        report = json.loads(done.out)
        assert report["files"]["discovered"] == 62
        assert "warning" not in done.err
    assert report["status"] == "nothing-new"
    assert ask(logs, "select count(*) from songplays") == [(62,)]
    # As a version before left it, and as this one does: both go.
    inside(tmp_path, "etl", *DATA, "--warehouse", "duckdb:///log_data/killed.duckdb").ok()
    assert leftovers(logs, database="killed.duckdb") == []
    assert contents(logs) == contents(logs, database="killed.duckdb")


def test_answers_go_through_links_and_into_devices_and_replace_no_other(tmp_path: Path) -> None:
    inside(small_company(tmp_path), "etl", *DATA).ok()
    device(tmp_path / "null")
    (tmp_path / "disk").mkdir()
    (tmp_path / "x.parquet").symlink_to("disk/x.parquet")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "users.parquet").symlink_to("../disk/users.parquet")
    before = identity(tmp_path / "null")[:2]
    for form in ("table", "csv", "json", "parquet"):
        inside(tmp_path, "query", "peak-hour", "-f", form, "-o", "null").ok()
    inside(tmp_path, "report", "null").ok()
    assert identity(tmp_path / "null")[:2] == before
    inside(tmp_path, "query", "peak-hour", "-f", "parquet", "-o", "x.parquet").ok()
    inside(tmp_path, "export", "out").ok()
    for link in (tmp_path / "x.parquet", tmp_path / "out" / "users.parquet"):
        assert link.is_symlink()
        assert link.stat().st_size
    assert sorted(path.name for path in (tmp_path / "disk").iterdir()) == ["users.parquet", "x.parquet"]


def test_a_warehouse_in_a_folder_named_like_a_pattern_reads_no_other(tmp_path: Path) -> None:
    """The engine's readers take patterns: `[x]` is a folder of that name, but as a pattern the folder `x`."""
    for name, plays in (("x", 3), ("[x]", 1), ("*", 2), ("a[b", 1)):
        folder = tmp_path / name
        folder.mkdir()
        small_company(folder)
        for number in range(plays):
            more_plays(folder, name=str(number), ts=1541200000000 + 1000 * number)
        inside(folder, "etl", "--song-data", "song_data", "--log-data", "log_data").ok()
        assert ask(folder, "select count(*) from songplays") == [(2 + plays,)]
    shutil.rmtree(tmp_path)
