"""Work done one step ahead, in a thread of its own: a batch is fetched while the one before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

HEED = 0.2
"""Seconds after which whoever waits in the main thread looks for signals."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def ahead(
    function: Callable[[Task], Result], tasks: Iterable[Task], stop: Callable[[], None]
) -> Generator[Callable[[], Result], None, None]:
    """For each task, in order, what waits for its result, or raises what it raised, while the next one is worked on.

    Tasks are taken in the caller's thread. `stop` is called when the caller leaves early: it tells the thread to end.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    running: Future[Result] | None = None
    try:
        upcoming = iter(tasks)
        while True:
            try:
                task = next(upcoming)
            except StopIteration:
                break
            except Exception:
                # First what is under way, whose own fault may be why there is no further task.
                if running is not None:
                    yield partial(_result, running)
                raise
            following = pool.submit(function, task)
            if running is not None:
                yield partial(_result, running)
            running = following
        if running is not None:
            yield partial(_result, running)
    except BaseException:
        stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _result(running: Future[Result]) -> Result:
    # Not one long wait: a signal that comes just before it begins would be heeded only at its end.
    while True:
        try:
            return running.result(timeout=HEED)
        except TimeoutError:
            if running.done():
                return running.result()
