"""Processes that are killed, stopped, locked out and run beside each other: nothing is lost, nothing comes twice."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from sparkify.simulate import Company, simulate
from tests.command import (
    DATABASE,
    TIMEOUT,
    Result,
    Row,
    ask,
    contents,
    event,
    finish,
    inside,
    leftovers,
    more_plays,
    runs,
    small_company,
    song,
    sparkify,
    start,
    start_etl,
    start_python,
    write_json,
)
from tests.command import etl as load_own

COMPANY = Company(events=600, songs=12, users=8, days=6, seed=5, dirty=True)
SMALL_BATCHES = "40KB"
"""Cuts the company's files into some eight batches."""


@dataclass(frozen=True)
class Source:
    """Raw files that several warehouses load, and what a load that nobody disturbs makes of them."""

    folder: Path
    max_errors: int
    expected: dict[str, list[Row]]
    seconds: float
    """What that load takes."""
    loaded: Path
    """The warehouse that it makes."""

    @property
    def options(self) -> tuple[str, ...]:
        """For `sparkify etl`."""
        return (
            *("--song-data", str(self.folder / "song_data"), "--log-data", str(self.folder / "log_data")),
            *("--max-errors", str(self.max_errors)),
        )

    def start(self, folder: Path, *more: str, **settings: str) -> "subprocess.Popen[str]":
        """A load in many batches."""
        return start(folder, "etl", *self.options, "--batch-bytes", SMALL_BATCHES, *more, **settings)

    def copy(self, folder: Path) -> None:
        """Lay the loaded warehouse into a folder."""
        shutil.copy(self.loaded, folder / DATABASE)

    def load(self, folder: Path, *more: str, **settings: str) -> Result:
        """A load in many batches, to its end."""
        return finish(self.start(folder, *more, **settings))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("source")
    written = simulate(folder, COMPANY)
    source = Source(folder, written.bad_records, {}, 0, folder)
    started = time.monotonic()
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    result = source.load(undisturbed).ok()
    seconds = time.monotonic() - started
    assert result.err.count("committed") >= 6
    return Source(folder, written.bad_records, contents(undisturbed), seconds, undisturbed / DATABASE)


# -- killed -----------------------------------------------------------------------------------------


def assert_completes(folder: Path, source: Source, *, killed: int = 1, options: tuple[str, ...] = ()) -> None:
    """The next run makes of the warehouse what a run does that nobody killed, and clears up."""
    inside(folder, "etl", *source.options, "--batch-bytes", SMALL_BATCHES, *options).ok()
    assert contents(folder) == source.expected
    states = runs(folder)
    assert states[-1] in ("loaded", "nothing-new")
    # A process killed before it wrote anything leaves no run; one killed after its last commit has ended well.
    assert len(states) <= killed + 1
    assert set(states[:-1]) <= {"interrupted", "loaded"}
    inside(folder, "check").ok()
    assert leftovers(folder) == []


def kill(process: "subprocess.Popen[str]") -> Result:
    """SIGKILL, and nothing of it is left."""
    process.kill()
    result = finish(process)
    assert relatives(process.pid) == []
    return result


def relatives(pid: int) -> list[str]:
    """Processes whose parent or group is that process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(pid) in fields[1:3]:
            found.append(stat.parent.name)
    return found


def holders(path: Path) -> list[str]:
    """Processes that have the file open."""
    found = []
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if descriptor.readlink() == path:
                found.append(descriptor.parts[2])
        except OSError:
            continue
    return found


@pytest.mark.parametrize("share", [0.25, 0.5, 0.7, 0.9])
def test_a_run_killed_at_some_time_is_completed_by_the_next(source: Source, tmp_path: Path, share: float) -> None:
    process = source.start(tmp_path)
    time.sleep(share * source.seconds)
    kill(process)
    assert holders(tmp_path / DATABASE) == []
    assert_completes(tmp_path, source)


def test_a_run_killed_again_and_again_at_random_is_completed_in_the_end(source: Source, tmp_path: Path) -> None:
    dice = random.Random(20181101)
    kills = 0
    for _ in range(6):
        process = source.start(tmp_path)
        for _ in range(dice.randint(1, 2)):  # a line for what it found, then one for each batch
            assert process.stderr is not None
            process.stderr.readline()
        time.sleep(dice.uniform(0, 0.3))
        process.kill()
        finish(process)
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 3
    assert_completes(tmp_path, source, killed=6)
    # Each batch that was announced as committed was never read again: all batches together read each file once.
    [(read,)] = ask(tmp_path, "select sum(files) from etl_batches")
    [(files,)] = ask(tmp_path, "select count(*) from etl_files")
    assert read == files


@pytest.mark.parametrize("batch", [1, 4])
def test_a_run_killed_as_it_announces_a_batch_keeps_the_batch(source: Source, tmp_path: Path, batch: int) -> None:
    process = source.start(tmp_path)
    assert process.stderr is not None
    while batch:
        line = process.stderr.readline()
        assert line, "the load ended before"
        batch -= line.startswith("committed")
    kill(process)
    announced = re.match(r"committed (\d+) of", line)
    assert announced is not None
    [(kept,)] = ask(tmp_path, "select count(*) from etl_files")
    assert kept >= int(announced.group(1))
    assert runs(tmp_path) == ["running"]
    assert_completes(tmp_path, source)
    assert runs(tmp_path) == ["interrupted", "loaded"]


def spin(process: "subprocess.Popen[str]", seen: Callable[[], bool]) -> bool:
    """Wait for a moment that does not last; False if the process has ended meanwhile, so that it was missed."""
    deadline = time.monotonic() + TIMEOUT
    while not seen():
        if process.poll() is not None:
            return False
        assert time.monotonic() < deadline, "never seen"
    return True


@pytest.mark.parametrize("times", [1, 3, 6])
def test_a_run_killed_while_it_commits_is_completed_by_the_next(source: Source, tmp_path: Path, times: int) -> None:
    log = tmp_path / f"{DATABASE}.wal"
    process = source.start(tmp_path)
    for number in range(times):  # the log is there from a commit to the checkpoint that follows
        spin(process, log.exists)
        if number < times - 1:
            spin(process, lambda: not log.exists())
    kill(process)
    assert_completes(tmp_path, source)


@pytest.mark.parametrize("ending", [".lock", ".spool"])
def test_what_a_killed_run_leaves_beside_the_warehouse_hinders_nobody(
    source: Source, tmp_path: Path, ending: str
) -> None:
    process = source.start(tmp_path)
    assert spin(process, (tmp_path / f"{DATABASE}{ending}").exists)
    kill(process)
    assert f"{DATABASE}{ending}" in leftovers(tmp_path)
    assert_completes(tmp_path, source)


def test_a_run_killed_as_it_makes_the_file_is_completed_by_the_next(source: Source, tmp_path: Path) -> None:
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        process = source.start(folder)
        assert spin(process, (folder / DATABASE).exists)
        kill(process)
        source.load(folder, "--batch-bytes", "1GB").ok()
        assert contents(folder) == source.expected


@pytest.mark.parametrize("size", [0, 4096, 8192])
def test_a_file_whose_making_was_cut_short_is_made_anew(tmp_path: Path, size: int) -> None:
    """The engine writes three blocks of 4,096 bytes; a process killed in between leaves one of these."""
    small_company(tmp_path)
    duckdb.connect(str(tmp_path / DATABASE)).close()
    os.truncate(tmp_path / DATABASE, size)
    load_own(tmp_path).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]


def test_a_reader_of_what_a_killed_run_left_sees_whole_batches(source: Source, tmp_path: Path) -> None:
    log = tmp_path / f"{DATABASE}.wal"
    process = source.start(tmp_path)
    for _ in range(4):
        spin(process, log.exists)
        spin(process, lambda: not log.exists())
    spin(process, log.exists)
    kill(process)
    sparkify(tmp_path, "query", "match-quality").ok()
    assert "was killed" in sparkify(tmp_path, "status").ok().out
    assert_completes(tmp_path, source)


def test_a_load_after_a_killed_one_with_other_batches_makes_the_same(source: Source, tmp_path: Path) -> None:
    process = source.start(tmp_path, "--match", "exact")
    assert process.stderr is not None
    while not process.stderr.readline().startswith("committed"):
        pass
    kill(process)
    assert_completes(tmp_path, source, options=("--batch-bytes", "1GB", "--match", "resolve"))


# -- stopped ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: str(number.name))
@pytest.mark.parametrize("delay", [0.0, 0.06])
def test_a_run_that_is_stopped_says_so_and_the_next_completes_it(
    source: Source, tmp_path: Path, number: signal.Signals, delay: float
) -> None:
    process = source.start(tmp_path, "--json")
    assert process.stderr is not None
    while not process.stderr.readline().startswith("committed"):
        pass
    time.sleep(delay)
    process.send_signal(number)
    result = finish(process)
    assert result.exit_code == 1
    assert "stopped" in result.error
    assert json.loads(result.out)["status"] == "failed"
    assert leftovers(tmp_path) == []
    assert runs(tmp_path) == ["interrupted"]
    assert_completes(tmp_path, source)
    assert runs(tmp_path) == ["interrupted", "loaded"]


@pytest.mark.parametrize(("commits", "gone"), [(2, False), (5, False), (3, True)], ids=["early", "late", "after one"])
def test_a_run_that_is_stopped_while_it_commits_leaves_at_once_and_is_recorded(
    source: Source, tmp_path: Path, commits: int, gone: bool
) -> None:
    log = tmp_path / f"{DATABASE}.wal"
    process = source.start(tmp_path)
    for number in range(commits):
        spin(process, log.exists)
        if gone or number < commits - 1:
            spin(process, lambda: not log.exists())
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    result = finish(process)
    assert (result.exit_code, "stopped" in result.error) == (1, True)
    assert time.monotonic() - started < 10
    assert runs(tmp_path) == ["interrupted"]
    assert leftovers(tmp_path) == []
    assert_completes(tmp_path, source)


def test_a_run_that_is_stopped_while_it_waits_says_so(tmp_path: Path) -> None:
    load_own(small_company(tmp_path)).ok()
    with holding(tmp_path / DATABASE):
        process = start_etl(tmp_path, wait="60")
        assert spin(process, (tmp_path / f"{DATABASE}.lock").exists)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        result = finish(process)
    assert result.exit_code == 1
    assert "stopped" in result.error


# -- side by side -----------------------------------------------------------------------------------


class holding:  # noqa: N801 - reads as a statement
    """Another process has the DuckDB file open, to write."""

    def __init__(self, path: Path) -> None:
        code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
        self.process = start_python(path.parent, "-c", code.replace("sys.stdin.read()", "import time; time.sleep(600)"))

    def __enter__(self) -> int:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"
        return self.process.pid

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        finish(self.process)


def test_a_file_that_another_process_holds_is_waited_for_then_named(tmp_path: Path) -> None:
    load_own(small_company(tmp_path)).ok()
    more_plays(tmp_path)
    data = ("--song-data", "song_data", "--log-data", "log_data")
    asking = [("query", "peak-hour"), ("sql", "FROM(users)"), ("export", "out")]
    with holding(tmp_path / DATABASE) as pid:
        for command in (("etl", *data), ("etl", "--dry-run", *data), ("create-tables",), ("status",), ("check",),
                        ("rejects",), *asking):  # fmt: skip
            began = time.monotonic()
            message = inside(tmp_path, *command, wait="0.3").failed(5)
            assert message.startswith(f"duckdb:///{DATABASE}: in use by another process (process {pid})"), command
            assert time.monotonic() - began > 0.3, command
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]


def test_a_load_waits_for_who_holds_the_file(tmp_path: Path) -> None:
    load_own(small_company(tmp_path)).ok()
    more_plays(tmp_path)
    with holding(tmp_path / DATABASE):
        process = start_etl(tmp_path, wait=str(TIMEOUT))
        assert spin(process, (tmp_path / f"{DATABASE}.lock").exists)
        time.sleep(0.3)
        assert process.poll() is None
    finish(process).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(3,)]


def test_of_two_loads_at_once_the_second_leaves_and_names_the_first(source: Source, tmp_path: Path) -> None:
    first = source.start(tmp_path)
    assert first.stderr is not None
    assert first.stderr.readline().startswith("loading")
    first.send_signal(signal.SIGSTOP)
    try:
        result = source.load(tmp_path, "--json", wait="0.5")
    finally:
        first.send_signal(signal.SIGCONT)
    assert result.failed(5) == (
        f"duckdb:///{DATABASE}: another load is running (process {first.pid}); try again when it has ended"
    )
    assert json.loads(result.out)["status"] == "failed"
    finish(first).ok()
    assert contents(tmp_path) == source.expected
    assert runs(tmp_path) == ["loaded"]
    assert leftovers(tmp_path) == []


def test_of_loads_at_once_each_waits_for_the_one_before(source: Source, tmp_path: Path) -> None:
    processes = [source.start(tmp_path, wait=str(TIMEOUT)) for _ in range(3)]
    for process in processes:
        finish(process).ok()
    assert contents(tmp_path) == source.expected
    assert sorted(runs(tmp_path)) == ["loaded", "nothing-new", "nothing-new"]
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("options", [(), ("--full-refresh",)], ids=["load", "full refresh"])
def test_readers_and_a_load_live_together(source: Source, tmp_path: Path, options: tuple[str, ...]) -> None:
    source.copy(tmp_path)
    for day in range(5):
        more = [event(ts=1546300800000 + day * 86_400_000 + second * 1000) for second in range(40)]
        write_json(tmp_path / "log_data" / f"{day}.json", more)
    write_json(tmp_path / "song_data" / "one.json", [song()])
    load = source.start(tmp_path, *options) if options else start_etl(tmp_path, "--batch-bytes", "1")
    asked: list[tuple[str, Result]] = []

    def read() -> None:
        while load.poll() is None:
            asked.append(("query", sparkify(tmp_path, "query", "match-quality")))
            asked.append(("sql", sparkify(tmp_path, "sql", "SELECT COUNT(*) FROM songplays")))
            asked.append(("status", sparkify(tmp_path, "status")))

    reader = threading.Thread(target=read)
    reader.start()
    result = finish(load)
    reader.join()
    result.ok()
    assert len(asked) >= 3
    for name, answer in asked:
        assert answer.exit_code == 0, (name, answer)
        assert not answer.err
    plays = [int(answer.out.split()[-1]) for name, answer in asked if name == "sql"]
    assert plays == sorted(plays)
    assert plays[0] >= len(source.expected["songplays"])
    sparkify(tmp_path, "check").ok()


# -- rebuilt ----------------------------------------------------------------------------------------


def test_a_full_refresh_makes_the_same_with_new_ids_and_its_run_is_recorded(source: Source, tmp_path: Path) -> None:
    source.copy(tmp_path)
    [(highest,)] = ask(tmp_path, "select max(songplay_id) from songplays")
    source.load(tmp_path, "--full-refresh").ok()
    [(lowest,)] = ask(tmp_path, "select min(songplay_id) from songplays")
    assert lowest > highest
    assert {**contents(tmp_path), "etl_rejects": []} == {**source.expected, "etl_rejects": []}
    assert runs(tmp_path) == ["loaded", "loaded"]
    [first, second] = ask(tmp_path, "select files, rows, rejected, plays_new from etl_runs order by run_id")
    assert first == second
    sparkify(tmp_path, "check").ok()


def test_after_a_full_refresh_more_can_be_loaded(tmp_path: Path) -> None:
    load_own(small_company(tmp_path)).ok()
    load_own(tmp_path, "--full-refresh").ok()
    more_plays(tmp_path)
    load_own(tmp_path).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(3,)]


@pytest.mark.parametrize("kind", ["song", "log"])
def test_a_full_refresh_does_not_touch_the_location_that_is_left_out(tmp_path: Path, kind: str) -> None:
    load_own(small_company(tmp_path)).ok()
    before = contents(tmp_path)
    result = sparkify(tmp_path, "etl", f"--{kind}-data", f"{kind}_data", "--full-refresh")
    after = contents(tmp_path)
    if result.exit_code == 0:
        assert after["songplays"] == before["songplays"]
        assert after["songs"] == before["songs"]
    else:  # to refuse is as good
        result.failed(2)
        assert after == before


def test_a_full_refresh_that_fails_changes_no_table(tmp_path: Path) -> None:
    load_own(small_company(tmp_path)).ok()
    before = contents(tmp_path)
    ids = ask(tmp_path, "select songplay_id from songplays order by all")
    more_plays(tmp_path)
    bad = tmp_path / "log_data" / "zz.json"
    bad.write_text('{"page": "NextSong"\n')
    result = load_own(tmp_path, "--full-refresh", "--batch-bytes", "1")
    assert result.exit_code == 3
    assert f"{bad}:1: " in result.error
    assert contents(tmp_path) == before
    assert ask(tmp_path, "select songplay_id from songplays order by all") == ids
    assert runs(tmp_path) == ["loaded", "failed"]
    assert ask(tmp_path, "select distinct schema_name from duckdb_tables()") == [("main",)]
    inside(tmp_path, "check").ok()
    bad.unlink()
    load_own(tmp_path).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(3,)]


@pytest.mark.parametrize("again", [(), ("--full-refresh",)], ids=["load", "full refresh"])
@pytest.mark.parametrize("batch", [0, 3])
def test_a_full_refresh_that_is_killed_leaves_the_old_tables(
    source: Source, tmp_path: Path, batch: int, again: tuple[str, ...]
) -> None:
    source.copy(tmp_path)
    ids = ask(tmp_path, "select songplay_id from songplays order by all")
    process = source.start(tmp_path, "--full-refresh")
    assert process.stderr is not None
    line = process.stderr.readline()
    while batch:
        line = process.stderr.readline()
        assert line, "the refresh ended before"
        batch -= line.startswith("committed")
    kill(process)
    assert contents(tmp_path) == source.expected
    assert ask(tmp_path, "select songplay_id from songplays order by all") == ids
    source.load(tmp_path, *again).ok()
    assert {**contents(tmp_path), "etl_rejects": []} == {**source.expected, "etl_rejects": []}
    assert runs(tmp_path) == ["loaded", "interrupted", "loaded" if again else "nothing-new"]
    # Nobody needs what the killed one had built; it would lie there for ever.
    assert ask(tmp_path, "select distinct schema_name from duckdb_tables()") == [("main",)]
    inside(tmp_path, "check").ok()
    assert leftovers(tmp_path) == []


# -- memory -----------------------------------------------------------------------------------------


def peak(folder: Path, events: int) -> int:
    """How many bytes a load of so many events has in memory at most."""
    folder.mkdir()
    simulate(folder, Company(events, songs=20, users=200, start=date(2018, 11, 1), days=10))
    # Not ru_maxrss: it counts what the process was forked from, and so this process, which may be larger by far.
    code = (
        "import sys; from pathlib import Path; from sparkify.cli import main; code = main(sys.argv[1:]); "
        "[line] = [line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmHWM:')]; "
        "print(int(line.split()[1]) * 1024, file=sys.stderr); sys.exit(code)"
    )
    arguments = ("etl", "--song-data", "song_data", "--log-data", "log_data", "--batch-bytes", "4MB")
    process = start_python(folder, "-c", code, *arguments, memory="200MB", threads="2")
    return int(finish(process).ok().err.splitlines()[-1])


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    small, large = peak(tmp_path / "small", 12_000), peak(tmp_path / "large", 120_000)
    assert large < 1.5 * small
    assert large < 400e6
    # Files as large as these are read where they lie; what does not fit into memory is spilled to the disk.
    spill = ("etl", "--log-data", "log_data", "--warehouse", "duckdb:///spill.duckdb", "--batch-bytes", "1GB")
    sparkify(tmp_path / "large", *spill, memory="70MB", threads="1").ok()
    assert leftovers(tmp_path / "large", database="spill.duckdb") == []
    # Nor does what people ask: what does not fit into memory is spilled to the disk, and cleared away.
    for arguments in (("export", "out"), ("check",), ("status",)):
        sparkify(tmp_path / "large", *arguments, memory="64MB", threads="1").ok()
    assert leftovers(tmp_path / "large") == []
    shutil.rmtree(tmp_path / "large")
