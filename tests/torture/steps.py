"""A load in a process of its own that is struck by a signal as it reaches a step.

A step is a function of the package as it is entered, and of its engines as it is left, named as it is in the source and
by the statement that it runs. Nothing of the package is changed for it: Python's own hook for profilers tells of every
call, in every thread.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from tests.command import Result, environment

T = TypeVar("T")

_TELLING = {"run": "name", "rows": "name", "execute": "sql", "query": "sql"}
"""Functions whose steps are told apart by the first words of an argument: the name of a statement, or itself."""


@dataclass(frozen=True)
class Strike:
    """A signal at a step of the load, when it is reached for the so-many-th time."""

    step: str
    time: int
    signal: signal.Signals


class _Watch:
    """Counts steps, and strikes at one."""

    def __init__(self, strike: Strike | None) -> None:
        self.strike = strike
        self.seen: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        step = _step(frame, event)
        if step is None:
            return
        self.seen[step] += 1
        strike = self.strike
        if strike is not None and strike.step == step and self.seen[step] == strike.time:
            self.strike = None
            os.kill(os.getpid(), strike.signal)


def _step(frame: FrameType, event: str) -> str | None:
    module, code = frame.f_globals.get("__name__", ""), frame.f_code
    if not module.startswith("sparkify.") or code.co_name.startswith("<"):
        return None
    step = f"{module.removeprefix('sparkify.')}.{code.co_qualname}"
    if event == "call":
        given = frame.f_locals.get(_TELLING[code.co_name]) if code.co_name in _TELLING else None
        return f"{step} {' '.join(given.split()[:2])}" if isinstance(given, str) else step
    if event == "return" and module.startswith("sparkify.warehouse."):
        return f"{step}, left"
    return None


def load(
    folder: Path, arguments: list[str], strike: Strike | None = None, *, watched: bool = False
) -> tuple[Result, Counter[str]]:
    """`sparkify` with these arguments in a child of this process, which has imported the package already.

    The steps are told of a load that is watched or struck, and ends by itself. The exit code of a process that a signal ended is negative.
    """
    said: list[Path] = [folder / f".{name}" for name in ("out", "err", "steps")]
    pid = os.fork()
    if not pid:
        _child(folder, arguments, _Watch(strike) if strike or watched else None, said)
    _, status = os.waitpid(pid, 0)
    out, err, steps = (path.read_bytes() for path in said)
    for path in said:
        path.unlink()
    seen: Counter[str] = pickle.loads(steps) if steps else Counter()
    return Result(os.waitstatus_to_exitcode(status), out.decode(), err.decode()), seen


def _child(folder: Path, arguments: list[str], watch: _Watch | None, said: list[Path]) -> None:
    from sparkify.cli import main

    try:
        for number, path in enumerate((Path(os.devnull), *said[:2])):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
        said[2].touch()
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
        os.chdir(folder)
        given = environment()
        os.environ.clear()
        os.environ.update(given)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if watch is not None:
            threading.setprofile(watch)
            sys.setprofile(watch)
        code = main(arguments)
        sys.setprofile(None)
        sys.stderr.flush()
        sys.stdout.flush()
        if watch is not None and watch.strike is None:
            said[2].write_bytes(pickle.dumps(watch.seen))
        os._exit(code)
    except BaseException:  # whatever it is, this process must not go on as its parent
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(70)


def apart(work: Callable[..., T], *arguments: object) -> T:
    """What a function returns that is called in a child, so that it leaves no thread behind here."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as stream:
                pickle.dump(work(*arguments), stream)
            os._exit(0)
        except BaseException:  # as above
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(70)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        data = stream.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"{work.__name__} failed"
    result: T = pickle.loads(data)
    return result
