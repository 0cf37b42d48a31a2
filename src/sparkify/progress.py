"""What a person sees while a load runs: a live display on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """What a load tells while it runs."""

    def found(self, files: int, size: int) -> None:
        """So many files of so many bytes are to be loaded."""

    def read(self, size: int) -> None:
        """One file of so many bytes was read."""

    def step(self, name: str) -> None:
        """What is being done now."""

    def loaded(self, files: int, size: int, events: int, rejected: int) -> None:
        """A batch was committed."""

    def stop(self) -> None:
        """The load has ended; leave the terminal clean."""


class Quiet:
    """Says nothing."""

    def found(self, files: int, size: int) -> None: ...

    def read(self, size: int) -> None: ...

    def step(self, name: str) -> None: ...

    def loaded(self, files: int, size: int, events: int, rejected: int) -> None: ...

    def stop(self) -> None: ...


class Lines:
    """One line a batch, for logs."""

    def __init__(self, stream: TextIO, doing: str = "loading") -> None:
        self._stream = stream
        self._doing = doing
        self._files = self._size = self._done_files = self._done_size = 0
        self._events = self._rejected = 0
        self._start = time.monotonic()

    def found(self, files: int, size: int) -> None:
        self._files, self._size = files, size
        if files:
            self._print(f"{self._doing} {files:,} {plural('file', files)}, {megabytes(size)}")

    def read(self, size: int) -> None: ...

    def step(self, name: str) -> None: ...

    def loaded(self, files: int, size: int, events: int, rejected: int) -> None:
        self._done_files += files
        self._done_size += size
        self._events += events
        self._rejected += rejected
        seconds = max(time.monotonic() - self._start, 0.001)
        self._print(
            f"committed {self._done_files:,} of {self._files:,} files, {megabytes(self._done_size)} of "
            f"{megabytes(self._size)}, {self._events / seconds:,.0f} events/s, {self._rejected:,} rejected"
        )

    def stop(self) -> None: ...

    def _print(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class Live:
    """A bar with files, bytes, the time left, and for a load events a second and rejects."""

    def __init__(self, doing: str = "loading") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        counts = ("{task.fields[speed]} events/s", "{task.fields[rejected]} rejected") if doing == "loading" else ()
        self._progress: RichProgress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            DownloadColumn(),
            TextColumn("{task.fields[files]} files"),
            *(TextColumn(text) for text in counts),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID | None = None
        self._files = self._done = self._events = self._rejected = 0
        self._start = time.monotonic()

    def found(self, files: int, size: int) -> None:
        if files:
            self._files = files
            self._task = self._progress.add_task("read", total=size, files=f"0/{files:,}", speed="-", rejected="0")
            self._progress.start()

    def read(self, size: int) -> None:
        if self._task is not None:
            self._done += 1
            self._progress.update(self._task, advance=size, files=f"{self._done:,}/{self._files:,}")

    def step(self, name: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, description=name)

    def loaded(self, files: int, size: int, events: int, rejected: int) -> None:  # noqa: ARG002
        self._events += events
        self._rejected += rejected
        if self._task is not None:
            speed = self._events / max(time.monotonic() - self._start, 0.001)
            self._progress.update(self._task, speed=f"{speed:,.0f}", rejected=f"{self._rejected:,}")

    def stop(self) -> None:
        self._progress.stop()


def choose(doing: str = "loading") -> Progress:
    """The display that fits where standard error goes."""
    return Live(doing) if sys.stderr.isatty() else Lines(sys.stderr, doing)


def megabytes(size: int) -> str:
    """Bytes for people: `3.8 MB`."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


def plural(word: str, count: int) -> str:
    """The word in the number that the count asks for."""
    if count == 1:
        return word
    return f"{word}es" if word.endswith("ch") else f"{word}s"
