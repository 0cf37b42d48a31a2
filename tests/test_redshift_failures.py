"""Loads on Redshift whose connection is lost, whose process is killed, that meet each other: nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import pytest

from sparkify.errors import SparkifyError, WarehouseError, WarehouseInUse
from sparkify.warehouse import redshift_staging
from sparkify.warehouse.redshift_transactions import Transactions
from tests import redshift_house
from tests.command import Result, finish
from tests.conftest import FACTOR
from tests.redshift_house import FILES, REJECTS, Cluster, House, State, until

pytest_plugins = ("tests.engines",)

cluster = redshift_house.cluster
house = redshift_house.house

CONFLICTS = ("1023", "snapshot", "deadlock")
LOSSES = ("drop-before", "drop-during", "drop-during-lost")


BESIDE = re.compile("select 1$|rollback$|analyze ")
"""What a load can do without: whether the lock's connection stands, the end of what was only read, statistics."""


class Stages:
    """The states that a load commits one after the other: no tables, empty ones, a batch, another."""

    def __init__(self, houses: list[House], states: list[State], logs: list[list[str]]) -> None:
        self.houses = houses
        """A database in each state, to copy."""
        self.states = states
        self.logs = logs
        """What a load sends from each state on."""
        self.done = states[-1]
        self.ends: list[int] = []
        """In each log, the commit that leads to the next state; at last the log's end."""
        self.places: list[list[int]] = []
        """In each log up to there, the statements that no log before had, but for those in BESIDE."""
        self.some: list[list[int]] = []
        """Every fifth of the statements in each log up to there, in each log others of those that come in several."""
        known: dict[str, int] = {}
        for stage, log in enumerate(logs):
            begin = 0 if stage in (0, 3) else log.index("delete from staging_events")
            self.ends.append(log.index("commit", begin) if stage < 3 else len(log) - 1)
            until_there = [n for n in range(self.ends[stage] + 1) if not BESIDE.match(log[n])]
            self.places.append([n for n in until_there if log[n] not in known or log[n] == "commit"])
            for n in until_there:
                known.setdefault(log[n], len(known))
            every = 10 if stage == 2 else 5  # a second batch has the statements of the first
            self.some.append([n for n in until_there if known[log[n]] % every == stage])


@pytest.fixture(scope="module")
def stages(cluster: Cluster) -> Iterator[Stages]:
    with cluster.house() as empty, cluster.house() as tables, cluster.house() as half, cluster.house() as done:
        houses, logs = [empty, tables, half, done], []
        tables.load(skip=["*"])
        half.load(skip=["*two.json", "*03-more.json"])
        done.load()
        for each in houses:
            with cluster.house(template=each) as copy:
                copy.load()
                logs.append([" ".join(each.sql.split()) for each in copy.statements() if each.outcome == "ok"])
                assert copy.state() == done.state()
        yield Stages(houses, [each.state() for each in houses], logs)


def test_the_stages_of_a_load_are_what_these_tests_need(stages: Stages) -> None:
    empty, tables, half, done = stages.states
    assert empty == {}
    assert {len(rows) for name, rows in tables.items() if name != "etl_settings"} == {0}
    assert (len(half["etl_files"]), len(half["etl_rejects"])) == (3, 1)
    assert (len(done["etl_files"]), len(done["etl_rejects"])) == (len(FILES), REJECTS)
    assert len({name for name, rows in done.items() if rows}) == len(done)
    first = "\n".join(stages.logs[0])
    for words in ("copy staging_events", "copy batch_songs", "copy load_raw_events", "insert into etl_rejects"):
        assert words in first
    assert first.count("delete from staging_events") == 2, "two batches"


# -- the connection is lost -------------------------------------------------------------------------


def lose(copy: House, pattern: str, how: str, *, after: int = 0) -> tuple[str, SparkifyError | None]:
    """A load that loses its connection at the statement, and does not try again: the statement, and what it said."""
    copy.standin.clear()
    copy.standin.fail(pattern, how, after=after)
    told: SparkifyError | None = None
    try:
        copy.load(retry=0)
    except SparkifyError as error:
        told = error
    assert told is None or (told.exit_code, str(told).count("\n")) == (1, 0)
    [lost] = [" ".join(each.sql.split()) for each in copy.statements() if each.outcome == "connection lost"]
    copy.standin.clear()
    assert copy.staged() == []
    until(lambda: copy.sessions() == 0)
    return lost, told


def assert_completes(copy: House, stages: Stages) -> None:
    """The next load makes what one does that was never disturbed."""
    copy.load()
    assert copy.state() == stages.done
    assert copy.violations() == []
    statuses = copy.runs()
    assert statuses[-1] in ("loaded", "nothing-new")
    assert set(statuses[:-1]) <= {"failed", "interrupted", "loaded", "nothing-new"}


def walk(stages: Stages, stage: int) -> list[int]:
    """Some of the statements of a load are lost; all of them, one after the other, with TEST_EXAMPLES=2."""
    return stages.some[stage] if FACTOR == 1 else stages.places[stage]


def test_a_connection_lost_as_tables_are_made_leaves_none(cluster: Cluster, stages: Stages) -> None:
    for place in walk(stages, 0):
        with cluster.house() as empty:
            lost, told = lose(empty, "", "drop-before", after=place)
            assert lost[:60] == stages.logs[0][place][:60]
            assert told is not None, lost
            assert empty.state() == {}, lost
            if lost.startswith(("commit", "create schema", "lock ", "create table if not exists sparkify_work")):
                assert_completes(empty, stages)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_connection_lost_at_any_statement_leaves_all_as_it_was(cluster: Cluster, stages: Stages, stage: int) -> None:
    """Up to the commit, so that the load that follows starts from what was there; which is tried one after the other."""
    with cluster.house(template=stages.houses[stage]) as copy:
        for place in walk(stages, stage):
            lost, told = lose(copy, "", "drop-before", after=place)
            assert lost[:60] == stages.logs[stage][place][:60]
            assert told is not None, lost
            assert copy.state() == stages.states[stage], lost
        assert_completes(copy, stages)


def test_every_statement_of_a_load_is_among_those(stages: Stages) -> None:
    walked = {stages.logs[stage][place] for stage, places in enumerate(stages.places) for place in places}
    sent = {sql for log in stages.logs for sql in log if not BESIDE.match(sql)}
    # What differs from load to load is the address of what is copied; only a second batch drops what the first made.
    assert {sql for sql in sent - walked if not sql.startswith(("copy ", "drop table "))} == set()


@pytest.mark.parametrize(("sent", "after"), [("^rollback$", 0), ("^analyze ", 0), ("^select 1$", 2)])
def test_a_connection_lost_at_what_a_load_can_do_without_does_not_hinder_it(
    cluster: Cluster, stages: Stages, sent: str, after: int
) -> None:
    with cluster.house(template=stages.houses[1]) as copy:
        assert lose(copy, sent, "drop-before", after=after)[1] is None
        assert copy.state() == stages.done
        assert copy.runs()[-1] == "loaded"


@pytest.mark.parametrize(("how", "further"), [("drop-during", 1), ("drop-during-lost", 0)])
@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_connection_lost_while_a_batch_commits_leaves_either_state(
    cluster: Cluster, stages: Stages, stage: int, how: str, further: int
) -> None:
    number = stages.logs[stage][: stages.ends[stage]].count("commit")
    with cluster.house(template=stages.houses[stage]) as copy:
        told = lose(copy, "^commit$", how, after=number)[1]
        if told is None:  # it has asked whether the batch is there, and gone on
            assert how == "drop-during"
            assert stage > 0
            assert copy.state() == stages.done
            assert copy.runs()[-1] == "loaded"
        else:
            assert copy.state() == stages.states[stage + further]
        assert_completes(copy, stages)


@pytest.mark.parametrize("how", LOSSES)
def test_a_connection_lost_while_a_run_begins_or_ends_leaves_a_run_that_the_next_closes(
    cluster: Cluster, stages: Stages, how: str
) -> None:
    with cluster.house(template=stages.houses[3]) as copy:
        for number in range(stages.logs[3].count("commit")):
            told = lose(copy, "^commit$", how, after=number)[1]
            assert told is not None or how == "drop-during", "only what was committed may have been asked for"
            assert copy.state() == stages.done
        assert_completes(copy, stages)
        assert "running" not in copy.runs()


@pytest.mark.parametrize("how", ["drop-during", "drop-during-lost"])
def test_a_connection_lost_while_files_are_copied_leaves_all_as_it_was(
    cluster: Cluster, stages: Stages, how: str
) -> None:
    for stage, copies in ((1, 3), (2, 2)):
        with cluster.house(template=stages.houses[stage]) as copy:
            for number in range(copies):
                assert lose(copy, "^copy ", how, after=number)[1] is not None
                assert copy.state() == stages.states[stage]
            assert_completes(copy, stages)
            assert copy.runs()[-copies - 1 :] == ["failed"] * copies + ["loaded"]


@pytest.mark.parametrize("sent", ["^delete from staging_events", "^drop table load_", "^insert into etl_files"])
def test_a_second_batch_that_is_lost_does_not_take_the_first_with_it(
    cluster: Cluster, stages: Stages, sent: str
) -> None:
    pattern = re.compile(sent)
    number = sum(bool(pattern.match(sql)) for sql in stages.logs[1][: stages.ends[1]])
    with cluster.house(template=stages.houses[1]) as copy:
        assert lose(copy, sent, "drop-during", after=number)[1] is not None
        assert copy.state() == stages.states[2]
        assert_completes(copy, stages)
        [[[message]]] = copy.ask("select message from etl_runs where status = 'failed'")
        assert "connection was lost" in str(message)


# -- another try ------------------------------------------------------------------------------------


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries come one after the other, without the time between them."""
    monkeypatch.setattr(random, "uniform", lambda _low, _high: 0.0)


def fail_every_other(house: House, pattern: str, *hows: str) -> None:
    """The first of these statements fails, the second does not, the third does; one way after the other."""
    for number in range(12):
        house.standin.fail(pattern, hows[number % len(hows)], after=number)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("hows", [CONFLICTS, *((how,) for how in LOSSES)], ids=" ".join)
def test_a_load_whose_every_commit_fails_at_first_ends_well_by_itself(
    house: House, stages: Stages, hows: tuple[str, ...]
) -> None:
    fail_every_other(house, "^commit$", *hows)
    report = house.load()
    assert (report.status, report.batches, report.rejected) == ("loaded", 2, REJECTS)
    assert house.state() == stages.done
    assert house.runs() == ["loaded"]
    assert len([each for each in house.statements() if each.sql == "commit" and each.outcome != "ok"]) >= 4
    assert house.violations() == []
    assert house.staged() == []
    assert report.rows["songplays"] == sum(report.resolution.values()) == len(stages.done["songplays"])


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("how", ["1023", "drop-before"])
def test_a_load_whose_every_step_fails_once_ends_well_by_itself(house: House, stages: Stages, how: str) -> None:
    for sent in ("^lock sparkify_work.batch", "^copy staging", "^copy batch", "^copy load_raw", "^insert into songplays",
                 "^update etl_runs", "^insert into etl_files", "^select url, kind"):  # fmt: skip
        house.standin.fail(sent, how)
    assert house.load().status == "loaded"
    assert house.state() == stages.done
    assert house.runs() == ["loaded"]
    assert [rule.pattern.pattern for rule in house.cluster.rules if rule.times] == []


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("how", ["1023", "drop-during", "drop-during-lost"])
def test_a_full_refresh_whose_every_commit_fails_at_first_ends_well_by_itself(
    cluster: Cluster, stages: Stages, how: str
) -> None:
    with cluster.house(template=stages.houses[3]) as copy:
        before = copy.ids()
        fail_every_other(copy, "^commit$", how)
        report = copy.load(full_refresh=True)
        assert (report.status, report.rows["songplays"]) == ("loaded", len(before))
        after = copy.state()
        assert len(after.pop("etl_rejects")) == 2 * REJECTS
        assert without_floor(after) == without_floor({k: v for k, v in stages.done.items() if k != "etl_rejects"})
        assert min(map(int, ids(copy))) > max(int(str(each)) for (each,) in before)
        assert copy.runs() == ["loaded", "loaded"]


def ids(house: House) -> list[str]:
    return [str(each) for (each,) in house.ids()]


def without_floor(state: State) -> State:
    """A state but for what keeps songplay_ids apart."""
    return state | {"etl_settings": [row for row in state["etl_settings"] if row[0] != "songplay_floor"]}


@pytest.mark.parametrize(
    ("how", "words"),
    [("1023", "another transaction came in between"), ("drop-before", "the connection was lost")],
)
def test_tries_end_when_their_time_is_over(house: House, tmp_path: Path, how: str, words: str) -> None:
    house.load(skip=["*"])
    house.standin.fail("^insert into songplays", how, times=1000)
    began = time.monotonic()
    result = house.process(tmp_path, retry="1.5").inside("etl", "--json")
    assert time.monotonic() - began < 15
    assert words in only_error(result, 1)
    assert json.loads(result.out)["status"] == "failed"
    assert house.runs()[-1] == "failed"
    assert house.state()["songplays"] == house.state()["etl_files"] == []
    tries = [each for each in house.statements() if each.sql.startswith("insert into songplays")]
    assert 2 <= len(tries) <= 10


def only_error(result: Result, exit_code: int) -> str:
    """The message of a load that told how far it got, and then one line of what is wrong."""
    assert result.exit_code == exit_code, f"{result.out}\n{result.err}"
    return result.error


def test_a_bad_record_in_place_is_found_in_a_second_batch_too(
    house: House, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the session of the batch before made is still there."""
    monkeypatch.setattr(redshift_staging, "DIRECT_BYTES", 2000)
    house.load()
    copied = [each for each in house.statements() if each.sql.startswith("copy load_raw")]
    assert [each.outcome == "ok" for each in copied] == [True, False, True], "the last looks for bad files"
    assert house.state() == stages.done
    assert house.runs() == ["loaded"]


# -- killed and stopped -----------------------------------------------------------------------------


def test_a_process_killed_anywhere_leaves_what_the_next_load_completes(
    cluster: Cluster, stages: Stages, tmp_path: Path
) -> None:
    with cluster.house(template=stages.houses[1]) as copy:
        for table in ("etl_runs", "songplays", "etl_files"):
            with copy.holding(table):
                process = copy.process(tmp_path).start("etl")
                copy.wait_for_lock(process)
                process.kill()
                finish(process)
                until(lambda: copy.sessions() == 1)  # the connection that holds the table
                assert copy.state() == stages.states[1], table
        [folder] = {key.rsplit("/", 2)[0] for key in copy.staged()}
        cluster.store.put("stage", f"{folder}/0099/of-a-longer-load.json", b"{}")
        assert copy.runs()[1:] == ["interrupted", "running"]
        began = time.monotonic()
        assert_completes(copy, stages)
        assert time.monotonic() - began < 15, "its locks were not free"
        assert copy.staged() == []
        assert copy.runs()[1:] == ["interrupted", "interrupted", "loaded"]


@pytest.mark.parametrize(
    ("number", "at"),
    [(signal.SIGINT, "insert into songplays"), (signal.SIGTERM, "^commit$")],
    ids=["SIGINT", "SIGTERM"],
)
def test_a_process_that_is_stopped_leaves_at_once_and_says_so(
    cluster: Cluster, stages: Stages, tmp_path: Path, number: signal.Signals, at: str
) -> None:
    with cluster.house(template=stages.houses[1]) as copy:
        # The fourth commit is that of the first batch.
        copy.standin.fail(at, "stall:1", after=3 if at == "^commit$" else 0)
        process = copy.process(tmp_path).start("etl", "--json")
        until(lambda: cluster.rules[0].times == 0, process)
        time.sleep(0.1)
        process.send_signal(number)
        began = time.monotonic()
        result = finish(process)
        assert time.monotonic() - began < 10
        assert "stopped" in only_error(result, 1)
        assert json.loads(result.out)["status"] == "failed"
        until(lambda: copy.sessions() == 0)
        # A commit was sent, and nobody waited for what became of it.
        assert copy.state() in stages.states[1 : 3 if at == "^commit$" else 2]
        assert copy.staged() == []
        assert copy.runs()[-1] in ("interrupted", "running")
        assert_completes(copy, stages)
        assert copy.runs()[-2:] == ["interrupted", "loaded"]


def test_a_process_that_is_stopped_with_nobody_in_its_way_records_it(
    cluster: Cluster, stages: Stages, tmp_path: Path
) -> None:
    with cluster.house(template=stages.houses[1]) as copy:
        with copy.holding("songplays"):
            process = copy.process(tmp_path).start("etl")
            copy.wait_for_lock(process)
            process.terminate()
            began = time.monotonic()
            result = finish(process)
            assert time.monotonic() - began < 10
        assert "stopped" in only_error(result, 1)
        assert copy.ask("select status, message from etl_runs order by run_id desc limit 1")[0] == [
            ["interrupted", "stopped by a signal"]
        ]
        assert copy.staged() == []
        assert_completes(copy, stages)


# -- side by side -----------------------------------------------------------------------------------


def held_load(copy: House, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A load that waits, in the middle of its first batch, for who holds `songplays`."""
    process = copy.process(folder).start("etl", *arguments)
    copy.wait_for_lock(process)
    return process


def test_a_second_load_waits_a_while_and_then_names_the_warehouse(
    cluster: Cluster, stages: Stages, tmp_path: Path
) -> None:
    with cluster.house(template=stages.houses[1]) as copy:
        with copy.holding("songplays"):
            first = held_load(copy, tmp_path)
            second = copy.process(tmp_path, wait="0.3").run("etl", "--json")
            dropping = copy.process(tmp_path, wait="0.3").inside("create-tables", "--drop", "--yes")
        assert second.failed(5) == dropping.failed(5)
        assert second.failed(5) == f"{copy.url}: another load is running; try again when it has ended"
        assert json.loads(second.out)["status"] == "failed"
        finish(first).ok()
        assert copy.state() == stages.done
        assert copy.runs()[1:] == ["loaded"]
        assert copy.staged() == []


def test_of_loads_at_once_each_waits_for_the_one_before(house: House, stages: Stages, tmp_path: Path) -> None:
    processes = [house.process(tmp_path, wait="60").start("etl") for _ in range(3)]
    for process in processes:
        finish(process).ok()
    assert house.state() == stages.done
    assert sorted(house.runs()) == ["loaded", "nothing-new", "nothing-new"]
    inside = [each.session for each in house.statements() if each.sql == "lock sparkify_work.batch_lock"]
    assert len(list(groupby(inside))) == 3, "one came in between"
    assert house.staged() == []


def test_first_loads_at_once_make_the_locks_together(cluster: Cluster) -> None:
    """`create table if not exists` of two at once: one is refused, for each thing that there is to make."""
    for _ in range(5):
        with cluster.house() as fresh:
            together = threading.Barrier(6)

            def come(fresh: House = fresh, together: threading.Barrier = together) -> None:
                with fresh.open(wait=60.0) as (warehouse, _):
                    warehouse.exists()
                    together.wait(60)
                    with warehouse.loading():
                        pass

            with ThreadPoolExecutor(6) as threads:
                for each in [threads.submit(come) for _ in range(6)]:
                    each.result()


def test_the_lock_is_free_as_soon_as_the_process_that_held_it_is_killed(
    cluster: Cluster, stages: Stages, tmp_path: Path
) -> None:
    with cluster.house(template=stages.houses[1]) as copy:
        with copy.holding("songplays"):
            first = held_load(copy, tmp_path)
            second = copy.process(tmp_path, wait="30").start("etl")
            waits = (
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            until(lambda: copy.ask(waits) == [[["2"]]], second)
            first.kill()
            finish(first)
        finish(second).ok()
        assert copy.state() == stages.done
        assert copy.runs()[1:] == ["interrupted", "loaded"]


def test_a_load_whose_lock_was_lost_and_taken_by_another_stops(
    cluster: Cluster, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server forgot the connection that holds the lock, and let another load in before this one noticed."""
    with cluster.house(template=stages.houses[1]) as copy, contextlib.ExitStack() as other:
        original = Transactions._still_held

        def robbed(self: Transactions) -> None:
            if copy.state() == stages.states[2] and not held:
                self._holder.close()
                until(lambda: copy.sessions() == 1)
                other.enter_context(copy.holding("sparkify_work.run_lock", "access exclusive"))
                held.append(True)
            original(self)

        held: list[bool] = []
        monkeypatch.setattr(Transactions, "_still_held", robbed)
        with pytest.raises(WarehouseInUse, match="another load is running"):
            copy.load(wait=0.5, retry=0.5)
        assert copy.state() == stages.states[2]
        other.close()
        assert_completes(copy, stages)


# -- readers and a load -----------------------------------------------------------------------------


def test_readers_see_what_was_there_before_while_a_load_goes_on(
    cluster: Cluster, stages: Stages, tmp_path: Path
) -> None:
    with cluster.house(template=stages.houses[2]) as copy:
        plays = len(stages.states[2]["songplays"])
        with copy.holding("etl_files"):
            process = copy.process(tmp_path).start("etl")
            copy.wait_for_lock(process)
            reader = copy.process(tmp_path)
            assert (
                reader.inside("sql", "select count(*) as n from songplays", "--format", "csv").ok().out
                == f"n\n{plays}\n"
            )
            assert json.loads(reader.inside("query", "match-quality", "--format", "json").ok().out)
            assert "loading" in reader.inside("status").ok().out
            assert "FAILED" not in reader.inside("check").ok().out
            assert process.poll() is None
        finish(process).ok()
        assert copy.state() == stages.done


@pytest.mark.parametrize("killed", [False, True])
def test_a_full_refresh_keeps_the_old_tables_until_it_ends(
    cluster: Cluster, stages: Stages, tmp_path: Path, killed: bool
) -> None:
    with cluster.house(template=stages.houses[3]) as copy:
        before = copy.ids()
        with copy.holding("artists"):  # one of the last to be replaced
            process = copy.process(tmp_path).start("etl", "--full-refresh")
            copy.wait_for_lock(process)
            assert copy.ids() == before
            [[[rebuilt]]] = copy.ask("select count(*) from sparkify_rebuild.songplays")
            assert rebuilt == str(len(before))
            assert (
                copy.process(tmp_path).inside("sql", "select count(*) as n from artists", "-f", "csv").ok().out
                == "n\n2\n"
            )
            if killed:
                process.kill()
                finish(process)
        if killed:
            until(lambda: copy.sessions() == 0)
            assert copy.ids() == before
            assert_completes(copy, stages)
            assert copy.ids() == before
            assert copy.runs() == ["loaded", "interrupted", "nothing-new"]
        else:
            finish(process).ok()
            assert min(map(int, ids(copy))) > max(int(str(each)) for (each,) in before)
            assert without_floor(copy.state() | {"etl_rejects": []}) == without_floor(stages.done | {"etl_rejects": []})
            assert copy.runs() == ["loaded", "loaded"]


def test_a_full_refresh_that_fails_leaves_the_old_tables(cluster: Cluster, stages: Stages) -> None:
    with cluster.house(template=stages.houses[3]) as copy:
        before = copy.ids()
        for pattern, after in (
            ("^insert into songplays", 1),
            ("^delete from .*songplays", 0),
            ("^insert into .*etl_users", 2),
        ):
            copy.standin.fail(pattern, "error:XX000:disk full", after=after)
            with pytest.raises(WarehouseError, match="disk full"):
                copy.load(full_refresh=True)
            assert copy.ids() == before
            assert copy.state() == stages.done
        assert copy.runs() == ["loaded", "failed", "failed", "failed"]
