"""Signals, held back where something must be whole."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from sparkify.stopping import stoppable, unstoppable


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Whatever a test does to them, the handlers are those of before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    after = {number: signal.getsignal(number) for number in before}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end(number: signal.Signals) -> None:
    reached = []

    def work() -> None:
        with unstoppable():
            os.kill(os.getpid(), number)
            reached.append("the end")
        reached.append("beyond")

    with stoppable(), pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the end"]


def test_many_signals_end_once() -> None:
    def work() -> None:
        with unstoppable():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                os.kill(os.getpid(), number)

    with stoppable():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                work()


def test_without_a_signal_nothing_happens_and_errors_pass() -> None:
    with pytest.raises(ValueError, match="its own"), unstoppable():
        raise ValueError("its own")


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with unstoppable():
        os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    signal.signal(signal.SIGINT, before)


def test_in_another_thread_there_is_nothing_to_hold_back() -> None:
    found: list[object] = []

    def work() -> None:
        with unstoppable():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
