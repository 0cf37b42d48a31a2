"""Ctrl-C and SIGTERM: both end a load in the same way, and neither cuts in two what must be whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable(*, outlives_terminal: bool = True) -> Iterator[None]:
    """Let a SIGTERM end a load as Ctrl-C does: the batch is rolled back and the run's record tells.

    What comes to an end by itself does so without the terminal that it was started from (SIGHUP), too.
    """

    def stop(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    handlers: dict[int, Callable[[int, object], NoReturn] | signal.Handlers] = {signal.SIGTERM: stop}
    if outlives_terminal:
        handlers[signal.SIGHUP] = signal.SIG_IGN
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)


@contextmanager
def unstoppable() -> Iterator[None]:
    """Heed signals at the end of this block only: for what is short and would leave a state that nobody knows.

    Python hands signals to the main thread; in any other there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    # A handler that is ignored stays so; None is one that Python did not set, and cannot set again.
    found = {int(number): signal.getsignal(number) for number in _STOPPING}
    before = {number: handler for number, handler in found.items() if handler not in (None, signal.SIG_IGN)}
    try:
        for number in before:
            signal.signal(number, lambda number, frame: came.append((number, frame)))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number, frame in came[:1]:
            handler = before[number]
            if callable(handler):
                handler(number, frame)
            else:
                signal.raise_signal(number)
