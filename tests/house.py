"""A source and a warehouse of its own for one test, and what the warehouse holds, as plain values.

`House` lays files, loads them in this process and reads tables back in the form of `tests.reference`.
`Follower` does so step by step and holds every step, cell by cell, against the reference.
`Twins` are houses on several engines that load the same source and must hold the same.

The source is a folder and the warehouse a DuckDB file beside it, unless a house is given another `Place` and
other settings; `tests.engines` has those of Redshift.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import pytest

from sparkify import audit, etl
from sparkify.config import Settings, load_settings
from sparkify.errors import TooManyRejects, Violation
from sparkify.run_report import Report
from sparkify.source.location import Content as Fetched
from sparkify.source.parts import Source
from sparkify.source.prepare import Preparer
from sparkify.warehouse import Warehouse, open_warehouse
from tests.reference import (
    Cell,
    Event,
    Rejected,
    Resolution,
    Row,
    Song,
    Star,
    Track,
    Version,
    catalogue,
    is_read,
    kind,
    r2_resolution,
    sort_rows,
    stage,
    star_of_batches,
    timestamp,
    track,
)
from tests.strategies import Run

STAR = {
    "songplays": ["start_time", "user_id", "level", "song_id", "artist_id", "session_id", "location", "user_agent"],
    "users": ["user_id", "first_name", "last_name", "gender", "level"],
    "songs": ["song_id", "title", "artist_id", "year", "duration"],
    "artists": ["artist_id", "name", "location", "latitude", "longitude"],
    "time": ["start_time", "hour", "day", "week", "month", "year", "weekday"],
}
"""Design 4.3: the columns of each table in their order; `songplays` without `songplay_id`."""

EVENT_COLUMNS = [
    "artist",
    "auth",
    "first_name",
    "gender",
    "item_in_session",
    "last_name",
    "length",
    "level",
    "location",
    "method",
    "page",
    "registration",
    "session_id",
    "song",
    "status",
    "ts",
    "user_agent",
    "user_id",
]
SONG_COLUMNS = [
    "num_songs",
    "artist_id",
    "artist_latitude",
    "artist_longitude",
    "artist_location",
    "artist_name",
    "song_id",
    "title",
    "duration",
    "year",
]
"""Design 4.2: the columns of staging, which are also the fields of `Event` and `Song`."""

KINDS = ("song_data", "log_data")
MARK = "_here"
"""A file that makes of a place one that is there though it holds no data: a full refresh wants that."""
ALL_REJECTS = 10**6
"""For `max_errors`: sets every bad record aside."""

REASONS = {
    "malformed": "malformed",
    "is not JSON": "malformed",
    "not a JSON object": "not-an-object",
    "invalid UTF-8": "encoding",
    "U+0000": "encoding",
    "surrogate": "encoding",
    "compressed data": "corrupt",
    "is missing": "missing",
    "bytes long": "too-long",
    "is no number": "value",
    "is no whole number": "value",
    "is out of range": "value",
    "is too large": "value",
}
"""A piece of the loader's reason, and the class that the reference gives such a reject."""


class Place(Protocol):
    """Where the source files of a house lie."""

    @property
    def url(self) -> str:
        """Address of what names are below."""

    def put(self, version: Version) -> Version:
        """Write a file; the version that lies there now: some storage keeps its own time."""

    def names(self) -> list[str]:
        """Of every file that lies there."""

    def remove(self, name: str) -> None: ...

    def same(self, one: Version, other: Version) -> bool:
        """Whether the loader takes two versions of a file for the same."""


class Folder:
    """A folder on this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in KINDS:
            (path / name).mkdir(parents=True, exist_ok=True)
            (path / name / MARK).touch()

    @property
    def url(self) -> str:
        return str(self.path)

    def put(self, version: Version) -> Version:
        path = self.path / version.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(version.data)
        os.utime(path, ns=(version.modified * 1000, version.modified * 1000))
        return version

    def names(self) -> list[str]:
        return [
            path.relative_to(self.path).as_posix()
            for path in self.path.rglob("*")
            if path.is_file() and path.name != MARK
        ]

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def same(self, one: Version, other: Version) -> bool:
        """Size and time of change tell them apart."""
        return (len(one.data), one.modified) == (len(other.data), other.modified)


class House:
    """A source and a warehouse, and a folder for what of them is on this machine."""

    def __init__(
        self,
        root: Path,
        warehouse: str = "warehouse.duckdb",
        *,
        place: Place | None = None,
        given: Mapping[str, object] | None = None,
    ) -> None:
        self.root = root
        self.source = root / "source"
        self.place = place or Folder(self.source)
        self.warehouse_path = root / warehouse
        self.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
        self.given = dict(given or {})
        """Settings other than the usual, such as the address of a warehouse elsewhere."""

    # -- the source ---------------------------------------------------------------------------------

    def path(self, name: str) -> Path:
        """Of a file of a source on this machine."""
        return self.source / name

    def url(self, name: str) -> str:
        """What the ledger calls the file."""
        return f"{self.place.url}/{name}"

    def name(self, url: object) -> str:
        """The file below the source; other addresses stay as they are."""
        return str(url).removeprefix(f"{self.place.url}/")

    def put(self, *versions: Version) -> None:
        """Write files, each with its time of change."""
        for version in versions:
            self.place.put(version)

    def lay(self, run: Run) -> Run:
        """Make the source hold exactly these files, and tell the versions that lie there now."""
        for name in self.place.names():
            if name not in run:
                self.place.remove(name)
        return {name: self.place.put(version) for name, version in run.items()}

    # -- the load -----------------------------------------------------------------------------------

    def settings(self, **flags: object) -> Settings:
        given: dict[str, object] = {
            "warehouse": f"duckdb:///{self.warehouse_path}",
            "song_data": self.url("song_data"),
            "log_data": self.url("log_data"),
            "threads": 1,
            "wait": 1.0,
            "memory": "512MB",
        }
        return load_settings(**(given | self.given | flags))

    @contextmanager
    def open(self, **flags: object) -> Iterator[tuple[Warehouse, Settings]]:
        settings = self.settings(**flags)
        warehouse = open_warehouse(settings)
        try:
            yield warehouse, settings
        finally:
            warehouse.close()

    def load(self, *, full_refresh: bool = False, **flags: object) -> Report:
        """One run of the loader in this process, with the settings of these flags."""
        with self.open(**flags) as (warehouse, settings):
            return etl.run(warehouse, settings, full_refresh=full_refresh)

    def stage(self, versions: Sequence[Version], *, exact: bool = False, jsonpaths: Path | None = None) -> Staged:
        """Load files as one batch and tell what was in staging; `exact` keeps them from the fast path."""
        self.put(*versions)
        paths = str(jsonpaths) if jsonpaths else None
        with (
            pytest.MonkeyPatch.context() as patch,
            self.open(max_errors=ALL_REJECTS, jsonpaths=paths) as (
                warehouse,
                settings,
            ),
        ):
            if exact:
                patch.setattr(Preparer, "add", _doubt_all)
            if not etl.run(warehouse, settings).batches:
                return Staged([], [], [], {})
            schema = "temp.main." if warehouse.engine == "duckdb" else ""
            events = warehouse.query(f"select {', '.join(EVENT_COLUMNS)} from {schema}staging_events")
            songs = warehouse.query(f"select url, record, {', '.join(SONG_COLUMNS)} from {schema}batch_songs")
            with warehouse.session(read_only=True):
                rejects = warehouse.query(_CONTENT["rejects"])
                ledger = warehouse.query(_CONTENT["files"])
        return Staged(
            sort_rows(_cells(row) for row in events),
            sort_rows((self.name(row[0]), *_cells(row[1:])) for row in songs),
            sorted(self._rejected(row) for row in rejects),
            {self.name(url): int(str(rows)) for url, rows, _ in ledger},
        )

    # -- the warehouse ------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Warehouse]:
        with self.open() as (warehouse, _), warehouse.session(read_only=True):
            yield warehouse

    def query(self, sql: str) -> list[Row]:
        """What a statement selects, in its order."""
        with self.reading() as warehouse:
            return [_cells(row) for row in warehouse.query(sql)]

    def content(self) -> Content:
        """Everything that the tests look at, read at once."""
        with self.reading() as warehouse:
            rows = {name: [_cells(row) for row in warehouse.query(sql)] for name, sql in _CONTENT.items()}
            violations = audit.whole_warehouse(warehouse)
        return Content(
            star={name: sort_rows(row[name == "songplays" :] for row in rows[name]) for name in STAR},
            ids={cast("int", row[0]): row[1:] for row in rows["songplays"]},
            tracks={
                cast("Track", row[:3]): Resolution(str(row[3]), *cast("tuple[str | None, str | None]", row[4:]))
                for row in rows["tracks"]
            },
            matches={cast("int", row[0]): str(row[1]) for row in rows["matches"]},
            files={self.name(row[0]): cast("tuple[int, int]", row[1:]) for row in rows["files"]},
            rejects=sorted(self._rejected(row) for row in rows["rejects"]),
            runs=rows["runs"],
            violations=violations,
        )

    def whole(self) -> Whole:
        """Every table, sorted; but for what no two loads have the same: ids, and the time of day."""
        with self.reading() as warehouse:
            return {name: sort_rows(map(_cells, warehouse.query(sql))) for name, sql in _WHOLE.items()}

    def _rejected(self, row: Sequence[object]) -> tuple[str, int, str]:
        url, line, reason = row
        classes = [name for piece, name in REASONS.items() if piece in str(reason)]
        return self.name(url), int(str(line)), classes[0] if classes else str(reason)


def _doubt_all(self: Preparer, contents: Iterable[Fetched], _origins: object = None) -> None:
    for content in contents:
        self.files.append(content.file)
        self.doubtful.append(Source(content.file, content.file.path, packed=content.file.suffix))


def _cells(row: Sequence[object]) -> Row:
    return tuple(cast("Cell", cell) for cell in row)


_CONTENT = {
    **{name: f"select {', '.join(columns)} from {name}" for name, columns in STAR.items()},
    "songplays": f"select songplay_id, {', '.join(STAR['songplays'])} from songplays order by songplay_id",
    "tracks": "select song, artist, length, match, song_id, artist_id from etl_tracks",
    "matches": "select songplay_id, match from etl_plays inner join etl_tracks using (track_id)",
    "files": "select url, rows, rejected from etl_files",
    "rejects": "select url, line, reason from etl_rejects",
    "runs": (
        "select run_id, status, files, rows, rejected, plays_new, plays_known, other_pages from etl_runs "
        "order by started_at"
    ),
}


_RUN = "(select count(*) from etl_runs as earlier where earlier.run_id <= {table}.run_id)"
"""Which run it was, from 1."""
_TRACK = "song, artist, length"
_WHOLE = {
    **{name: f"select {', '.join(columns)} from {name}" for name, columns in STAR.items()},
    "staging_songs": f"select {', '.join(SONG_COLUMNS)} from staging_songs",
    "etl_songs": "select song_id, title_key, artist_key, modified, url, record from etl_songs",
    "etl_users": "select user_id, ts, session_id, item_in_session from etl_users",
    "etl_tracks": f"select {_TRACK}, match, song_id, artist_id from etl_tracks",
    "etl_track_keys": (
        f"select {_TRACK}, title_key, artist_key from etl_tracks inner join etl_track_keys using (track_id)"
    ),
    "etl_plays": (
        f"select songplays.start_time, user_id, session_id, item_in_session, etl_plays.start_time, {_TRACK} "
        "from songplays inner join etl_plays using (songplay_id) inner join etl_tracks using (track_id)"
    ),
    "etl_files": (
        f"select url, etag, size, modified, kind, {_RUN.format(table='etl_files')}, rows, rejected from etl_files"
    ),
    "etl_rejects": f"select {_RUN.format(table='etl_rejects')}, url, line, reason, record from etl_rejects",
    "etl_runs": (
        f"select {_RUN.format(table='etl_runs')}, status, version, files, bytes, rows, rejected, plays_new, "
        "plays_known, other_pages, message from etl_runs"
    ),
    "etl_batches": (
        f"select {_RUN.format(table='etl_batches')}, batch, files, bytes, records_read, events_staged, songs_staged, "
        "rejected, plays_new, plays_known, other_pages, conflicts from etl_batches"
    ),
    "etl_settings": "select name, value from etl_settings where name <> 'songplay_floor'",
}
Whole = dict[str, list[Row]]


class Staged:
    """What staging holds after a batch."""

    def __init__(
        self,
        events: list[Row],
        songs: list[Row],
        rejects: list[tuple[str, int, str]],
        rows: dict[str, int],
    ) -> None:
        self.events = events
        self.songs = songs
        """The file's name and the record's place in it, then the columns."""
        self.rejects = rejects
        self.rows = rows
        """By the file's name."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Staged) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Content:
    """What a warehouse holds."""

    def __init__(
        self,
        star: dict[str, list[Row]],
        ids: dict[int, Row],
        tracks: dict[Track, Resolution],
        matches: dict[int, str],
        files: dict[str, tuple[int, int]],
        rejects: list[tuple[str, int, str]],
        runs: list[Row],
        violations: list[Violation],
    ) -> None:
        self.star = star
        """The tables as `tests.reference.Star` has them."""
        self.ids = ids
        """Each play by its songplay_id."""
        self.tracks = tracks
        self.matches = matches
        """How each play's track was found, by songplay_id."""
        self.files = files
        """Rows and rejected of each file in the ledger, by name."""
        self.rejects = rejects
        """Name, line and class of every reject kept, sorted."""
        self.runs = runs
        self.violations = violations

    def changed(self, before: Content | None) -> dict[str, int]:
        """Rows of each star table that are new or differ, by their key."""
        keyed = {name: {row[0]: row for row in self.star[name]} for name in STAR if name != "songplays"}
        counts = {
            name: sum(row not in (before.star[name] if before else []) for row in rows.values())
            for name, rows in keyed.items()
        }
        known = before.ids if before else {}
        return counts | {"songplays": sum(known.get(each) != row for each, row in self.ids.items())}


# -- what the reference says ----------------------------------------------------------------------------


def tables(star: Star) -> dict[str, list[Row]]:
    """The star schema of the reference, by table."""
    return {name: getattr(star, name) for name in STAR}


def rejects_of(star: Star) -> list[tuple[str, int, str]]:
    return sorted(_reject(each) for each in star.rejects)


def _reject(rejected: Rejected) -> tuple[str, int, str]:
    return rejected.name, rejected.line, rejected.reason_class


def staged_by_reference(versions: Iterable[Version]) -> Staged:
    """What staging holds after a batch of these files, by the reference."""
    events: list[Row] = []
    songs: list[Row] = []
    rejects: list[tuple[str, int, str]] = []
    rows: dict[str, int] = {}
    for version in versions:
        if not version.data:
            continue
        file = stage(version)
        if not file.is_data:
            continue
        rows[version.name] = len(file.rows)
        rejects += map(_reject, file.rejects)
        for place, row in enumerate(file.rows, start=1):
            if isinstance(row, Event):
                events.append(tuple(timestamp(row.ts) if c == "ts" else getattr(row, c) for c in EVENT_COLUMNS))
            else:
                songs.append((version.name, place, *(getattr(row, column) for column in SONG_COLUMNS)))
    return Staged(sort_rows(events), sort_rows(songs), sorted(rejects), rows)


def tracks_of(versions: Iterable[Version], match: str) -> dict[Track, Resolution]:
    """Every track that any play event names, also one that loses a conflict, with its resolution."""
    songs: list[tuple[Version, Song]] = []
    wanted: set[Track] = set()
    for version in versions:
        if not is_read(version.name):
            continue
        file = stage(version)
        for row in file.rows if file.is_data else []:
            if isinstance(row, Song):
                songs.append((version, row))
            elif row.page == "NextSong":
                wanted.add(track(row))
    songs_now = catalogue(songs)
    return {each: r2_resolution(each, songs_now, match) for each in wanted}


class Follower:
    """Loads a history step by step; after each step everything must be as the reference says, of twins in both."""

    def __init__(self, house: House | Twins) -> None:
        self.house = house
        self.match = "resolve"
        self.content: Content | None = None
        self.star = star_of_batches([])
        self.batches: list[list[Version]] = []
        """Versions read since the warehouse was built, in the order of batches."""
        self.ids_given: set[int] = set()
        self.rejects: list[tuple[str, int, str]] = []
        """Of all runs; a full refresh keeps them."""

    def load(
        self, run: Run, *, match: str | None = None, batch_bytes: int | None = None, full_refresh: bool = False
    ) -> Report:
        """Load the source as this run finds it, and hold the report and the warehouse against the reference.

        `batch_bytes` is None (everything is one batch) or 1 (each file is one).
        """
        run = self.house.lay(run)
        new = self._new(run, full_refresh=full_refresh)
        before = None if full_refresh else self.content
        report = self.house.load(
            match=match, batch_bytes=batch_bytes, full_refresh=full_refresh, max_errors=ALL_REJECTS
        )
        changes_match = match is not None and match != self.match
        self.match = match or self.match
        if full_refresh:
            self.batches = []
        self.batches += [[version] for version in new] if batch_bytes else [new]
        self.star = star_of_batches(self.batches, match=self.match)
        after = self.content = self.house.content()
        self.rejects = sorted(self.rejects + rejects_of(star_of_batches([new])))
        self._hold_warehouse(after)
        self._hold_ids(before, after)
        self._hold_report(report, before, after, new, one_batch=batch_bytes is None)
        wanted = "loaded" if new or changes_match or full_refresh else "nothing-new"
        assert (report.status, after.runs[-1][1]) == (wanted, wanted)
        return report

    def _new(self, run: Run, *, full_refresh: bool) -> list[Version]:
        """The versions that the loader has to read, in the order of batches."""
        known = {} if full_refresh else {version.name: version for batch in self.batches for version in batch}

        def is_new(version: Version) -> bool:
            loaded = known.get(version.name)
            return loaded is None or not self.house.place.same(loaded, version)

        return sorted(
            (version for version in run.values() if is_read(version.name) and version.data and is_new(version)),
            key=lambda version: (version.modified, version.name),
        )

    def _hold_warehouse(self, content: Content) -> None:
        versions = [version for batch in self.batches for version in batch]
        for name, rows in tables(self.star).items():
            assert (name, content.star[name]) == (name, rows)
        assert content.tracks == tracks_of(versions, self.match)
        assert Counter(content.matches.values()) == +Counter(self.star.resolution)
        assert content.files == {name: (count.staged, count.rejected) for name, count in self.star.latest.items()}
        assert content.rejects == self.rejects
        assert content.violations == []

    def _hold_ids(self, before: Content | None, after: Content) -> None:
        given = set(after.ids)
        assert len(given) == len(after.star["songplays"])
        known = set(before.ids) if before else set()
        assert not (given - known) & self.ids_given, "a songplay_id was given before"
        for songplay_id, row in (before.ids if before else {}).items():
            assert _key(after.ids[songplay_id]) == _key(row)
        self.ids_given |= given

    def _hold_report(
        self,
        report: Report,
        before: Content | None,
        after: Content,
        new: Sequence[Version],
        *,
        one_batch: bool,
    ) -> None:
        added = set(after.ids) - set(before.ids if before else {})
        assert report.resolution == dict.fromkeys(report.resolution, 0) | Counter(
            after.matches[songplay_id] for songplay_id in added
        )
        assert sum(report.resolution.values()) == len(added)
        read_now = star_of_batches([new])
        staged = {
            "staging_events": sum(c.staged for c in read_now.files if kind(c.name) == "events"),
            "staging_songs": sum(c.staged for c in read_now.files if kind(c.name) == "songs"),
        }
        rejected = sum(count.rejected for count in read_now.files)
        assert report.rejected == rejected
        counted: Mapping[str, int] = after.changed(before) | staged
        if one_batch:
            assert report.rows == counted
        else:  # what one batch changed the next may change back: it was changed, all the same
            assert {name: min(rows, report.rows[name]) for name, rows in counted.items()} == counted
        _, _, files, rows, run_rejected, plays_new, plays_known, other_pages = after.runs[-1]
        assert (files, rows, run_rejected, plays_new) == (
            len(new),
            sum(staged.values()),
            rejected,
            len(added),
        )
        assert int(str(plays_new)) + int(str(plays_known)) + int(str(other_pages)) == staged["staging_events"]


def of_report(report: Report) -> dict[str, object]:
    """What a run reported, but for what no two runs have the same."""
    told = report.as_dict() | {"batches": report.batches, "warnings": report.warnings}
    return {name: value for name, value in told.items() if name not in ("run_id", "engine", "seconds")}


class Twins:
    """Houses on several engines before the same source: what one of them is, the others are."""

    def __init__(self, *houses: House) -> None:
        self.houses = houses

    @property
    def place(self) -> Place:
        return self.houses[0].place

    def lay(self, run: Run) -> Run:
        """Make the source hold exactly these files, and tell the versions that lie there now."""
        return self.houses[0].lay(run)

    def load(self, *, full_refresh: bool = False, **flags: object) -> Report:
        """Load the source into each; the reports must be the same."""
        reports = [house.load(full_refresh=full_refresh, **flags) for house in self.houses]
        for other in reports[1:]:
            assert of_report(other) == of_report(reports[0])
        return reports[0]

    def refused(self, **flags: Any) -> TooManyRejects:
        """A load that each refuses, for the same record and in the same words."""
        errors = []
        for house in self.houses:
            with pytest.raises(TooManyRejects) as caught:
                house.load(**flags)
            errors.append(caught.value)
        for other in errors[1:]:
            assert (str(other), other.first) == (str(errors[0]), errors[0].first)
        return errors[0]

    def whole(self) -> Whole:
        """What they hold, which must be the same."""
        first, *others = (house.whole() for house in self.houses)
        for other in others:
            for name, rows in first.items():
                assert (name, other[name]) == (name, rows)
        return first

    def content(self) -> Content:
        """What the first holds, once all are seen to hold the same."""
        self.whole()
        return self.houses[0].content()


def _key(play: Row) -> tuple[Cell, ...]:
    """R1: start_time, user_id and session_id."""
    return play[0], play[1], play[5]


@contextmanager
def fresh_house(root: Path) -> Iterator[House]:
    """A house in a folder of its own, which goes when the test is done with it."""
    folder = root / f"house-{len(list(root.iterdir()))}"
    folder.mkdir()
    try:
        yield House(folder)
    finally:
        shutil.rmtree(folder)
