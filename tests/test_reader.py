"""The reader that asks for all pages: once, shortly, and never at the cost of a load."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sparkify import views
from sparkify.dashboard import reader as reader_module
from sparkify.dashboard.reader import Shown
from sparkify.errors import SparkifyError, UsageError
from sparkify.warehouse import Answer, Warehouse
from sparkify.warehouse.duckdb import DuckDBWarehouse
from sparkify.warehouse.duckdb_sandbox import Sandbox
from tests import dashboard_house
from tests.command import DATABASE, tamper
from tests.dashboard_house import (
    held,
    reading,
)

busy = dashboard_house.busy


def test_while_the_file_cannot_be_read_the_last_numbers_are_shown_with_their_time(busy: Path) -> None:
    with reading(busy, wait=0.3) as reader:
        before = reader.answer("overview", {})
        (busy / DATABASE).touch()
        with held(busy):
            old = reader.answer("overview", {})
            assert (old.value, old.at) == (before.value, before.at)
            assert "in use" in old.problem
            with pytest.raises(SparkifyError, match="in use"):
                reader.answer("peak-hour", {})
        new = reader.answer("overview", {})
        assert new.problem == ""
        assert new.at > before.at


def test_old_numbers_are_shown_soon(busy: Path) -> None:
    names = (views.OVERVIEW, *views.SECTIONS[0].queries)
    with reading(busy) as reader:
        for name in names:
            reader.answer(name, {})
        reader.health()
        (busy / DATABASE).touch()
        with held(busy):
            started = time.monotonic()
            assert "in use" in reader.health().problem
            assert all("in use" in reader.answer(name, {}).problem for name in names)
            assert time.monotonic() - started < 5


def test_a_warehouse_of_another_version_is_told(busy: Path) -> None:
    with reading(busy) as reader:
        tamper(busy, "update etl_settings set value = '2' where name = 'schema_version'", "drop table etl_plays")
        with pytest.raises(UsageError, match="sparkify"):
            reader.answer("match-quality", {})


def test_who_joins_a_question_that_another_gives_up_gets_an_answer(busy: Path) -> None:
    class Gone(Exception):
        pass

    slow = "select count(*) from range(20000) a, range(10000) b where a.range * b.range % 7 = 1"
    with reading(busy) as reader:
        for number in range(3):
            begun, joined = threading.Event(), threading.Event()

            def leave(begun: threading.Event = begun, joined: threading.Event = joined) -> None:
                begun.set()
                joined.wait(5)
                raise Gone

            def first(key: tuple[str, int], heed: Callable[[], None]) -> None:
                with pytest.raises(Gone):
                    reader._get(key, lambda house: house.ask(slow), heed)

            key = ("slow", number)
            thread = threading.Thread(target=first, args=[key, leave])
            thread.start()
            begun.wait(5)
            answers: list[object] = []
            second = threading.Thread(
                target=lambda key=key, found=answers: found.append(
                    reader._get(key, lambda house: house.ask(slow), lambda: None)
                )
            )
            joined.set()
            second.start()
            thread.join()
            second.join()
            assert len(answers) == 1


def test_who_asks_the_same_is_answered_by_one_question(busy: Path) -> None:
    with reading(busy) as reader:
        answers: list[object] = []
        with held(busy):
            threads = [
                threading.Thread(target=lambda: answers.append(reader.answer("top-songs", {}))) for _ in range(20)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.3)
        for thread in threads:
            thread.join()
        assert len(answers) == 20
        assert len(set(map(id, answers))) == 1


def test_a_question_that_nobody_waits_for_is_cancelled(busy: Path) -> None:
    class Gone(Exception):
        pass

    def leave() -> None:
        raise Gone

    endless = "select count(*) from range(1000000000) a, range(1000000000) b where a.range * b.range % 7 = 1"
    with reading(busy) as reader:
        started = time.monotonic()

        def ask(house: object) -> Answer:
            return house.ask(endless)  # type: ignore[attr-defined, no-any-return]

        with pytest.raises(Gone):
            reader._get(("endless",), ask, leave)
        assert reader.answer("overview", {}).value.rows
        assert time.monotonic() - started < 10


def test_values_that_do_not_fit_are_told_at_once(busy: Path) -> None:
    with reading(busy) as reader, pytest.raises(UsageError, match="free or paid"):
        reader.answer("overview", {"level": "gold"})


def doubled(file: Path) -> Path:
    """A copy of the warehouse in which every play is there twice."""
    other = file.with_name("doubled.duckdb")
    shutil.copy(file, other)
    tamper(
        file.parent,
        "insert into songplays select 1000000 + songplay_id, * exclude (songplay_id) from songplays",
        database=other.name,
    )
    return other


def test_a_file_that_takes_the_place_of_another_is_asked_at_once(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the other one is open still, because questions wait."""
    monkeypatch.setattr(reader_module, "HELD", 60.0)
    other = doubled(busy / DATABASE)
    replaced = threading.Event()

    def replace(house: Warehouse) -> Answer:
        found = house.ask("select count(*) from songplays")
        other.replace(busy / DATABASE)
        replaced.set()
        time.sleep(0.3)  # the next question is there by then
        return found

    with reading(busy) as reader:
        first = threading.Thread(target=lambda: reader._get(("replace",), replace, lambda: None))
        [(before, *_)] = reader.answer(views.OVERVIEW, {}).value.rows
        first.start()
        assert replaced.wait(10)
        [(after, *_)] = reader.answer(views.OVERVIEW, {}).value.rows
        first.join()
        assert after == 2 * int(str(before))


def test_refresh_counts_anew_what_cannot_be_seen_to_have_changed(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DuckDBWarehouse, "version", lambda _: "the same")
    with reading(busy) as reader:
        [(before, *_)] = reader.answer(views.OVERVIEW, {}).value.rows
        doubled(busy / DATABASE).replace(busy / DATABASE)
        for level in ("all", "free"):  # the latter of what is kept
            reader.answer(views.OVERVIEW, {"level": level})
        reader.renew()
        [(after, *_)] = reader.answer(views.OVERVIEW, {}).value.rows
        assert after == 2 * int(str(before))


def descriptors(file: Path) -> int:
    """How often this process has the file open."""
    return sum(link.resolve() == file for link in Path("/proc/self/fd").iterdir() if link.exists())


@pytest.mark.parametrize("loading", [False, True], ids=["no load", "a load"])
def test_the_file_is_open_while_questions_wait_and_no_longer(
    busy: Path, monkeypatch: pytest.MonkeyPatch, loading: bool
) -> None:
    """Once for all that wait behind each other; while a load runs, once for each, so that it gets in between."""
    opened: list[int] = []
    original = Sandbox._attached

    def counted(self: Sandbox) -> duckdb.DuckDBPyConnection:
        opened.append(1)
        return original(self)

    monkeypatch.setattr(Sandbox, "_attached", counted)
    names = (views.OVERVIEW, *views.SECTIONS[0].queries)
    file = (busy / DATABASE).resolve()
    lock = file.with_name(file.name + ".lock")
    if loading:
        lock.touch()
    with reading(busy) as reader, reader.expecting((name, {}) for name in names):
        for name in names:
            assert reader.answer(name, {}).value.rows
        deadline = time.monotonic() + 10
        while descriptors(file):
            assert time.monotonic() < deadline, "it stays open"
            time.sleep(0.01)
    assert len(opened) in ([len(names)] if loading else range(1, len(names))), opened


def test_who_gives_up_does_not_end_the_question_behind(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are asked by one connection; by the time the first is to be cancelled, the second may have begun."""
    leaving, running = threading.Event(), threading.Event()
    cancel = reader_module._cancel
    answers: list[Shown[Answer]] = []

    class Gone(Exception):
        pass

    def leave() -> None:
        raise Gone

    def late(flight: reader_module._Flight[object]) -> None:
        leaving.set()
        assert running.wait(10)
        time.sleep(0.1)  # within the statement
        cancel(flight)

    def first(house: Warehouse) -> Answer:
        assert leaving.wait(10)
        return house.ask("select 1")

    def second(house: Warehouse) -> Answer:
        running.set()
        return house.ask("select count(*) from range(20000) a, range(10000) b where a.range * b.range % 7 = 1")

    monkeypatch.setattr(reader_module, "_cancel", late)
    with reading(busy) as reader:
        behind = threading.Thread(
            target=lambda: answers.append(reader._get(("second",), second, lambda: None)), daemon=True
        )
        begun = threading.Timer(0.1, behind.start)
        begun.start()
        with pytest.raises(Gone):
            reader._get(("first",), first, leave)
        behind.join()
        assert [shown.problem for shown in answers] == [""]
        monkeypatch.undo()
