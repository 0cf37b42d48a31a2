"""One load of many files, and every place where it differs from the reference (design 4.1, R1 to R8)."""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from sparkify import etl
from sparkify.errors import Unreadable
from sparkify.source import grammar, prepare, shape
from sparkify.source.access import Access
from sparkify.source.compaction import compact
from sparkify.source.spool import Spool
from tests.house import ALL_REJECTS, EVENT_COLUMNS, KINDS, SONG_COLUMNS, House, tables
from tests.reference import (
    EVENT_FIELDS,
    Event,
    Row,
    Staged,
    Version,
    decompress,
    kind,
    stage,
    star_of_staged,
    timestamp,
)

PATHS = json.dumps({"jsonpaths": [f"$['{name}']" for name, _ in EVENT_FIELDS.values()]})
"""A JSONPaths file of the public names."""
PATIENCE = 120.0
"""Seconds that a load of some thousand small files may take before it counts as stuck."""


@dataclass(frozen=True)
class Way:
    """How files are loaded."""

    block: int | None = None
    """Bytes that the exact reader takes at once; None for what it takes of itself."""
    compacted: bool = False
    """By way of `sparkify compact`."""
    jsonpaths: bool = False
    """Logs come through a JSONPaths file of the public names."""

    def __str__(self) -> str:
        block = "" if self.block is None else f", blocks of {self.block} bytes"
        return ("compacted" if self.compacted else "files") + ", JSONPaths" * self.jsonpaths + block


@dataclass(frozen=True)
class Difference:
    name: str | None
    """Of the file; None where a load does not tell whose the rows are."""
    what: str
    expected: object
    got: object
    lost: int = 0
    """Rows and rejects that should be there and are not."""
    doubled: int = 0
    """Rows and rejects that should not be there."""

    def __str__(self) -> str:
        return f"{self.name or 'no one file'}: {self.what}: expected {self.expected!r}, got {self.got!r}"[:2000]


@dataclass
class Held:
    """What a load came to."""

    differences: list[Difference] = field(default_factory=list)
    files: int = 0
    rows: int = 0
    rejects: int = 0
    unreadable: int = 0


class Stuck(Exception):
    """A load took longer than `PATIENCE`."""


def hold(folder: Path, versions: Sequence[Version], way: Way, staged: dict[Version, Staged] | None = None) -> Held:
    """Load the files into a fresh warehouse, in one batch; what came of it, held against the reference.

    `staged` keeps what the reference said of a file before.
    """
    known = staged if staged is not None else {}
    if way.compacted:  # which refuses damaged archives (tests/test_compact.py)
        versions = [version for version in versions if decompress(version)[1]]
    for version in versions:
        if version not in known:
            known[version] = stage(version, jsonpaths=way.jsonpaths)
    held = Held(files=len(versions))
    files = [known[version] for version in versions]
    for some in ([file for file in files if not _is_odd(file)], [file for file in files if _is_odd(file)]):
        if some:  # the odd ones by themselves, for they may have to be loaded again and again
            _hold(folder, some, way, held)
    return held


def _hold(folder: Path, files: list[Staged], way: Way, held: Held) -> None:
    """Load the files; those that are told as unreadable, as long as they may be, are left out and the rest loaded."""
    left = list(files)
    while left:
        try:
            loaded = load(folder, [file.version for file in left], way)
        except Unreadable as error:
            told = _told(folder, error)
            named = [file for file in left if file.version.name in told]
            held.differences += [
                Difference(file.version.name, "told as unreadable", file.count, told[file.version.name])
                for file in named
                if not _is_odd(file)
            ]
            held.unreadable += len(named)
            if not named:
                held.differences.append(Difference(None, "told as unreadable", "one of the files", error))
                return
            left = [file for file in left if file.version.name not in told]
        except Exception as error:
            held.differences.append(Difference(_named(left, error), "the load fails", "no error", error))
            return
        else:
            held.differences += [
                Difference(file.version.name, "loaded", f"unreadable: {file.unreadable}", file.count)
                for file in left
                if file.unreadable
            ]
            held.differences += compare(left, loaded)
            held.rows += sum(len(file.rows) for file in left)
            held.rejects += sum(len(file.rejects) for file in left)
            return


def _is_odd(file: Staged) -> bool:
    """Whether it is unreadable or, where no object is in it, looks enough like something else to be taken for it.

    The design does not name all that may lie in a file: there only its looks tell a bad record from no data at all.
    """
    if file.unreadable:
        return True
    if file.rows or any(not {"malformed", "not-an-object", "corrupt"} & reject.all_classes for reject in file.rejects):
        return False
    begins = file.version.data[:200].lstrip()
    return (
        file.version.name.endswith((".gz", ".zst"))
        or any(byte < 9 or byte > 126 for byte in begins[:64])
        or begins.startswith((b"<", b"version ", b"PK", b"%PDF", b"PAR1", b"SQLite", b"Obj", b"BZh"))
    )


def _told(folder: Path, error: Unreadable) -> dict[str, str]:
    house = House(folder)
    return {house.name(url): what for url, what in error.found}


def _named(files: Iterable[Staged], error: Exception) -> str | None:
    message = str(error)
    return next((file.version.name for file in files if file.version.name in message), None)


# --- The load ----------------------------------------------------------------------------------------------


@dataclass
class Loaded:
    events: Counter[Row]
    songs: dict[str, list[Row]]
    """By file, in the order of its records."""
    files: dict[str, tuple[int, int]]
    """Rows and rejected of each file in the ledger."""
    rejects: dict[str, list[tuple[int, str]]]
    """Line and class, by file, in the order of the lines."""
    star: dict[str, list[Row]]
    sums: tuple[object, ...]
    """Files, rows and rejected of the run."""


def load(folder: Path, versions: Sequence[Version], way: Way) -> Loaded:
    """Load these files alone; raises what the load raises, and Stuck."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    house = House(folder)
    for name in KINDS:
        house.path(name).mkdir(parents=True, exist_ok=True)
    house.put(*versions)
    given: dict[str, object] = {"max_errors": ALL_REJECTS}
    with ExitStack() as stack:
        stack.enter_context(_at_most(PATIENCE))
        if way.block is not None:
            stack.enter_context(_blocks(way.block))
        if way.compacted:
            given |= _compacted(house, folder)
        if way.jsonpaths:
            paths = folder / "paths.json"
            paths.write_text(PATHS)
            given["jsonpaths"] = str(paths)
        warehouse, settings = stack.enter_context(house.open(**given))
        report = etl.run(warehouse, settings)
        if not report.batches:
            return Loaded(Counter(), {}, {}, {}, {}, (0, 0, 0))
        assert report.batches == 1, "staging holds one batch"
        events = Counter(warehouse.query(f"select {', '.join(EVENT_COLUMNS)} from temp.main.staging_events"))
        songs = warehouse.query(
            f"select url, {', '.join(SONG_COLUMNS)} from temp.main.batch_songs order by url, record"
        )
        content = house.content()
    by_file: dict[str, list[Row]] = {}
    for url, *row in songs:
        by_file.setdefault(house.name(url), []).append(tuple(row))  # type: ignore[arg-type]
    rejects: dict[str, list[tuple[int, str]]] = {}
    for name, line, reason in content.rejects:
        rejects.setdefault(name, []).append((line, reason))
    _, _, files, rows, rejected, *_ = content.runs[-1]
    ledger = {name: counts for name, counts in content.files.items() if "/part-" not in name}
    return Loaded(events, by_file, ledger, rejects, content.star, (files, rows, rejected))  # type: ignore[arg-type]


def _compacted(house: House, folder: Path) -> dict[str, object]:
    given: dict[str, object] = {}
    for name in KINDS:
        target = folder / "compacted" / name
        compact(str(house.path(name)), str(target), access=Access(), spool=Spool(folder / "spool"), done=lambda _: None)
        given[name] = str(target)
    return given


@contextmanager
def _blocks(size: int) -> Iterator[None]:
    """Make the readers take that few bytes at once, so that every token stands at every bound."""
    with (
        patch.dict(grammar.split.__kwdefaults__, block=size),
        patch.object(shape, "CHUNK", size),
        patch.object(prepare, "CHUNK", max(size, 64)),  # it looks for a mark and more in the first of them
    ):
        yield


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stuck(f"stuck: not done after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- The comparison ----------------------------------------------------------------------------------------


def event_row(event: Event) -> Row:
    return tuple(timestamp(event.ts) if name == "ts" else getattr(event, name) for name in EVENT_COLUMNS)


def compare(files: Sequence[Staged], loaded: Loaded) -> list[Difference]:
    """Every difference, of one file where it can be told whose it is."""
    found: list[Difference] = []
    data = {file.version.name: file for file in files if file.is_data and file.version.data}
    for name, file in data.items():
        found += _compare_file(name, file, loaded)
    for name in (loaded.files.keys() | loaded.rejects.keys()) - data.keys():
        found.append(Difference(name, "in the ledger or a reject", "no data file", loaded.files.get(name)))
    found += _compare_events(data, loaded)
    wanted_sums = (
        len(data),
        sum(len(file.rows) for file in data.values()),
        sum(len(file.rejects) for file in data.values()),
    )
    if data and loaded.sums[1:] != wanted_sums[1:]:
        found.append(Difference(None, "sums of the run (R8)", wanted_sums, loaded.sums))
    if not found:
        for table, rows in tables(star_of_staged([list(data.values())])).items():
            lost, more = _multiset_difference(rows, loaded.star[table])
            if lost or more:
                found.append(Difference(None, table, lost[:3], more[:3], len(lost), len(more)))
    return found


def _compare_file(name: str, file: Staged, loaded: Loaded) -> Iterator[Difference]:
    counts = (len(file.rows), len(file.rejects))
    got = loaded.files.get(name)
    if got != counts:
        yield Difference(name, "rows and rejected of the ledger", counts, got)
    wanted = [(reject.line, reject.reason_class) for reject in file.rejects]
    rejects = loaded.rejects.get(name, [])
    lost, more = _multiset_difference([line for line, _ in wanted], [line for line, _ in rejects])
    if lost or more:
        yield Difference(name, "rejects (line, reason)", wanted, rejects, len(lost), len(more))
    else:
        true: dict[int, set[str]] = {}
        for reject in file.rejects:
            true.setdefault(reject.line, set()).update(reject.all_classes)
        for line, reason in rejects:
            if reason not in true[line]:
                yield Difference(name, f"reason of line {line}", sorted(true[line]), reason)
    if kind(name) == "songs":
        songs = [tuple(getattr(row, column) for column in SONG_COLUMNS) for row in file.rows]
        staged = loaded.songs.get(name, [])
        if songs != staged:
            lost, more = _multiset_difference(songs, staged)
            yield Difference(name, "songs", lost[:3], more[:3], len(lost), len(more))


def _compare_events(data: dict[str, Staged], loaded: Loaded) -> Iterator[Difference]:
    wanted: Counter[Row] = Counter()
    owner: dict[Row, str] = {}
    for name, file in data.items():
        for row in file.rows:
            if isinstance(row, Event):
                cells = event_row(row)
                wanted[cells] += 1
                owner[cells] = name
    lost, more = wanted - loaded.events, loaded.events - wanted
    for cells, count in lost.items():
        near = max(more, key=lambda other: sum(a == b for a, b in zip(cells, other, strict=True)), default=None)
        yield Difference(owner[cells], "events", cells, near, count, 0)
    if more:
        cells = next(iter(more))
        yield Difference(owner.get(cells), "events", "none like this", cells, 0, more.total())


def _multiset_difference(wanted: Iterable[object], got: Iterable[object]) -> tuple[list[object], list[object]]:
    one, other = Counter(wanted), Counter(got)
    return list((one - other).elements()), list((other - one).elements())
