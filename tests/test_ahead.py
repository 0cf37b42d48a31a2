"""One step ahead: the next task is worked on while the caller uses the result of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Event, current_thread, main_thread

import pytest

from sparkify.source.ahead import ahead

WAIT = 10.0
"""Seconds after which something that must happen did not."""


def test_results_come_in_order_and_tasks_are_taken_by_the_caller() -> None:
    taken: list[bool] = []

    def tasks() -> list[int]:
        taken.append(current_thread() is main_thread())
        return [3, 1, 2]

    def work(task: int) -> tuple[int, bool]:
        return task * 10, current_thread() is main_thread()

    results = [result() for result in ahead(work, tasks(), lambda: None)]
    assert results == [(30, False), (10, False), (20, False)]
    assert taken == [True]


def test_the_next_task_runs_while_the_caller_is_busy_and_no_further_one() -> None:
    begun = {name: Event() for name in "abc"}

    def work(name: str) -> str:
        begun[name].set()
        return name

    with closing(ahead(work, "abc", lambda: None)) as results:
        assert next(results)() == "a"
        assert begun["b"].wait(WAIT)
        assert not begun["c"].wait(0.1)
        assert next(results)() == "b"
        assert begun["c"].wait(WAIT)


def test_a_fault_comes_at_its_turn() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("the second")
        return number

    results = ahead(work, [1, 2, 3], lambda: None)
    assert next(results)() == 1
    with pytest.raises(ValueError, match="the second"):
        next(results)()
    results.close()


def test_leaving_early_stops_what_is_under_way_and_waits_for_it() -> None:
    begun, stop, ended = Event(), Event(), Event()

    def work(number: int) -> int:
        if number == 2:
            begun.set()
            assert stop.wait(WAIT)
            ended.set()
        return number

    with closing(ahead(work, [1, 2, 3], stop.set)) as results:
        assert next(results)() == 1
        assert begun.wait(WAIT)
    assert ended.is_set()


def test_nothing_to_do() -> None:
    assert list(ahead(str, [], lambda: None)) == []


def test_the_fault_of_what_is_under_way_comes_before_that_of_the_next_task() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        raise KeyError("no second task")

    def work(task: int) -> str:
        if failing:
            raise ValueError("the first")
        return str(task)

    failing = True
    results = ahead(work, tasks(), lambda: None)
    with pytest.raises(ValueError, match="the first"):
        next(results)()
    results.close()
    failing = False
    results = ahead(work, tasks(), lambda: None)
    assert next(results)() == "1"
    with pytest.raises(KeyError):
        next(results)
