"""What real data has: lines that are broken, cut, repeated or late; files that are copied, hidden or empty.

Every fault is planted in the first file (if it has the five lines this needs) and in some of the
others, by their number, so that small companies have them all too. A broken line begins with `{` and
is followed by a sound line, or by the end of the file: so each makes one reject (design, 4.1).
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from sparkify.simulate.catalogue import Catalogue
from sparkify.simulate.logs import DayFile, Logs

_BREAKS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda line: line[: len(line) // 2],
    lambda line: line[:-1] + b",}",
    lambda line: line.replace(b'"level":', b'"level:'),
    lambda line: line.replace(b'"', b"'"),
)


class DirtyLogs(Logs):
    """Day files with faults. `bad_records` counts the broken and cut lines, in copies too."""

    def __init__(self, root: Path, rng: np.random.Generator) -> None:
        super().__init__(root)
        self._rng = rng
        self._number = 0
        """Of the present day's file, counted from 0."""
        self._bad_here = 0
        self._broken = 0
        self._last_line = b""

    def write(self, lines: bytes) -> None:
        """Add lines to the present day's file, with faults between them; some go to a late file."""
        sound = lines[1:].split(b"\n")
        if self._number % 5 == 0 and len(sound) >= 5:
            late = len(sound) // 5
            self._late_file().write(_joined(sound[-late:]))
            sound = sound[:-late]
        self._last_line = sound[-1]
        super().write(_joined(self._spoil(sound)))

    def end_day(self) -> None:
        """Complete the present day's files: some with a last line that is cut short, some copied."""
        if not self._open:
            return
        day_file = self._open[0]
        if self._number % 4 == 0:
            # The shipper died while it wrote this line.
            day_file.write(b"\n" + self._last_line[: len(self._last_line) * 2 // 3])
            self._bad_here += 1
        super().end_day()
        copies = 1 if self._number % 7 == 0 else 0
        if copies:
            self.bytes += _copy(day_file.path)
            self.files += 1
        self.bad_records += self._bad_here * (1 + copies)
        self._bad_here = 0
        self._number += 1

    def finish(self) -> None:
        """Complete everything, and leave the files that nobody should read."""
        super().finish()
        first = min(self._root.glob("*/*/*-events.json"))
        with first.open("rb") as file:
            cut = file.read(100)
        for name in (f".{first.name}", f"_{first.name}", f"_temporary/{first.name}"):
            path = first.parent / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(cut)
            self.bytes += len(cut)
        (first.parent / f"{first.stem}-retry.json").touch()
        self.files += 1

    def _spoil(self, sound: list[bytes]) -> list[bytes]:
        """The lines with some repeated and, in every third file, broken ones in between."""
        count = len(sound)
        extra: dict[int, list[bytes]] = {}
        for place in self._rng.integers(count, size=1 + count // 200).tolist():
            extra.setdefault(place, []).append(sound[place])
        if self._number % 3 == 0 and count >= 2:
            # Never after the last line, and never two in one place: a sound line follows each.
            places = self._rng.choice(count - 1, size=1 + count // 2000, replace=False)
            for place in places.tolist():
                extra.setdefault(place, []).append(_BREAKS[self._broken % len(_BREAKS)](sound[place]))
                self._broken += 1
            self._bad_here += len(places)
        spoiled: list[bytes] = []
        begin = 0
        for place in sorted(extra):
            spoiled += sound[begin : place + 1] + extra[place]
            begin = place + 1
        return spoiled + sound[begin:]

    def _late_file(self) -> DayFile:
        """The file named after the next day in which events of the present day turn up."""
        if len(self._open) > 1:
            return self._open[1]
        return self._create((self._day or 0) + 1, "-late")


def soil_songs(root: Path, catalogue: Catalogue) -> tuple[int, int]:
    """Add a copied, an empty and two hidden files; returns files that a loader lists, and bytes."""
    song = root / catalogue.path(catalogue.songs // 2)
    hidden = b'{"num_songs": 1, "artist_id": "AR'
    for name in (f"._{song.name}", f"_{song.name}"):
        (song.parent / name).write_bytes(hidden)
    (song.parent / f"{song.stem}-empty.json").touch()
    return 2, _copy(song) + 2 * len(hidden)


def _joined(lines: list[bytes]) -> bytes:
    return b"\n" + b"\n".join(lines)


def _copy(path: Path) -> int:
    """Copy a file beside itself as a file manager does, dates included; returns its size."""
    copy = path.with_name(f"{path.stem} (1).json")
    shutil.copy2(path, copy)
    return copy.stat().st_size
