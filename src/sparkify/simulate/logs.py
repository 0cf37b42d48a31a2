"""Day files: one a day, in order, without a newline at the end."""

from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

_EPOCH = date(1970, 1, 1)


class DayFile:
    """A new file of lines; each line comes with a newline before it, the first of which is left out."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.size = 0
        """Bytes so far."""
        self._file: BinaryIO = path.open("xb")

    def write(self, lines: bytes) -> None:
        """Add lines, each of which begins with a newline."""
        self.size += self._file.write(lines if self.size else memoryview(lines)[1:])

    def close(self) -> None:
        """Close the file; once is enough, twice does no harm."""
        self._file.close()


class Logs:
    """Writes lines to the file of their day; days come in order, so one is open at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._day: int | None = None
        self._open: list[DayFile] = []
        """Files of the present day, its own file first."""
        self.files = 0
        """Files that a loader lists."""
        self.bytes = 0
        """Bytes of the files that are complete."""
        self.bad_records = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        for file in self._open:
            file.close()

    def append(self, day: int, lines: bytes) -> None:
        """Add lines, each of which begins with a newline, to the file of a day (days since 1970)."""
        if day != self._day:
            self.end_day()
            self._day = day
            self._create(day)
        self.write(lines)

    def write(self, lines: bytes) -> None:
        """Add lines to the present day's file."""
        self._open[0].write(lines)

    def end_day(self) -> None:
        """Complete the present day's files, if there are any."""
        for file in self._open:
            file.close()
            self.bytes += file.size
        self._open = []

    def finish(self) -> None:
        """Complete everything."""
        self.end_day()

    def _create(self, day: int, suffix: str = "") -> DayFile:
        when = _EPOCH + timedelta(days=day)
        file = DayFile(self._root / f"{when:%Y/%m}" / f"{when:%Y-%m-%d}-events{suffix}.json")
        self._open.append(file)
        self.files += 1
        return file
