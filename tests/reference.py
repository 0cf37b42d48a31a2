"""The data rules of the warehouse, once more, in plain Python: what the loader is tested against.

Written from section 4 of the design alone and independent of `sparkify`: no SQL, no engine, no shared
code. It is slow and holds everything in memory; each rule is one function that carries the rule's number.

`star(versions)` is a pure function of the set of file versions ever read. Where plays conflict (R1) the
order of the versions, which is that of the batches, decides as well.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import zstandard

Cell = str | int | float | datetime | None
Row = tuple[Cell, ...]
Track = tuple[str | None, str | None, float | None]
"""Title, artist name and duration in seconds as plays name them; empty text is None."""

TYPE_ORDER: dict[type, int] = {int: 0, float: 0, datetime: 1, str: 2}
MATCHES = ("exact", "title", "artist", "none")


@dataclass(frozen=True)
class Version:
    """One version of one source file."""

    name: str
    """Path below the common root, such as `log_data/2018/11/d.json.gz`: the first folder gives the kind."""
    data: bytes
    """As stored; compressed if the name says so."""
    modified: int
    """Time of change, in microseconds since the epoch."""


@dataclass(frozen=True)
class Record:
    """One JSON object of a file, not yet checked against the columns."""

    line: int
    members: tuple[tuple[str, bytes], ...]
    """Keys, decoded, and the source text of their values, in the order of the source."""


@dataclass(frozen=True)
class Bad:
    """Source text that is one reject before any column is looked at."""

    line: int
    reason_class: str
    """`malformed`, `not-an-object`, `encoding` or `corrupt` (compression)."""
    all_classes: frozenset[str] = field(default=frozenset(), compare=False)
    """Every class that is true of it; the design does not say which is told."""


@dataclass(frozen=True)
class Rejected:
    name: str
    line: int
    """Of the record's first character, in the decompressed file, from 1."""
    reason_class: str
    """One of `Bad`'s, or `value`, `too-long`, `missing`."""
    all_classes: frozenset[str] = field(default=frozenset(), compare=False)
    """Every class that is true of it, as in `Bad`."""


@dataclass(frozen=True)
class FileCount:
    """What became of the records of one version of a file (R8: read = staged + rejected)."""

    name: str
    modified: int
    read: int
    staged: int
    rejected: int


@dataclass(frozen=True)
class Resolution:
    match: str
    """One of `MATCHES`."""
    song_id: str | None = None
    artist_id: str | None = None


@dataclass(frozen=True)
class Event:
    """A row of `staging_events`."""

    artist: str | None
    auth: str | None
    first_name: str | None
    gender: str | None
    item_in_session: int | None
    last_name: str | None
    length: float | None
    level: str | None
    location: str | None
    method: str | None
    page: str
    registration: float | None
    session_id: int | None
    song: str | None
    status: int | None
    ts: int
    """Milliseconds since the epoch."""
    user_agent: str | None
    user_id: int | None


@dataclass(frozen=True)
class Song:
    """A row of `staging_songs`; the duration is in seconds."""

    num_songs: int | None
    artist_id: str | None
    artist_latitude: float | None
    artist_longitude: float | None
    artist_location: str | None
    artist_name: str | None
    song_id: str
    title: str | None
    duration: float | None
    year: int | None


@dataclass
class Star:
    """The tables in the design's column order (`songplays` without `songplay_id`), sorted by `sort_rows`."""

    songplays: list[Row]
    users: list[Row]
    songs: list[Row]
    artists: list[Row]
    time: list[Row]
    rejects: list[Rejected]
    """In the order of the versions, then of the lines."""
    tracks: dict[Track, Resolution]
    resolution: dict[str, int]
    """Plays by the match of their track; all four of `MATCHES` are there."""
    files: list[FileCount] = field(default_factory=list)
    """One for each version that was read, in the order given; `latest` is what the ledger shows."""
    unreadable: list[str] = field(default_factory=list)
    """Names of files that are no data files, in the order given: not in `files`."""

    @property
    def latest(self) -> dict[str, FileCount]:
        """The counts of each file's newest version, by name."""
        return {count.name: count for count in sorted(self.files, key=lambda count: count.modified)}


def star(versions: Iterable[Version], *, match: str = "resolve") -> Star:
    """The star schema after reading these versions, each as a batch of its own, bad records set aside."""
    return star_of_batches(([version] for version in versions), match=match)


def star_of_batches(batches: Iterable[Sequence[Version]], *, match: str = "resolve") -> Star:
    """As `star`; the batches matter only to plays in conflict (R1). A version that comes again changes nothing."""
    seen: set[Version] = set()
    staged: list[list[Staged]] = []
    for batch in batches:
        new = [version for version in dict.fromkeys(batch) if version not in seen and is_read(version.name)]
        seen.update(new)
        staged.append([stage(version) for version in new])
    return star_of_staged(staged, match=match)


def star_of_staged(batches: Sequence[Sequence[Staged]], *, match: str = "resolve") -> Star:
    """The star schema after these files, each read once."""
    files = [file for batch in batches for file in batch if file.is_data]
    songs = [(file.version, row) for file in files for row in file.rows if isinstance(row, Song)]
    event_batches = [
        [row for file in batch if file.is_data for row in file.rows if isinstance(row, Event)] for batch in batches
    ]
    songs_now = catalogue(songs)
    plays = r1_plays(event_batches)
    namesakes: dict[str, list[Song]] = {}
    for song in songs_now:
        namesakes.setdefault(normalise(song.artist_name), []).append(song)
    tracks = {
        (name, artist, length): r2_resolution((name, artist, length), namesakes.get(normalise(artist), []), match)
        for name, artist, length in map(track, plays)
    }
    matches = Counter(tracks[track(play)].match for play in plays)
    return Star(
        songplays=sort_rows(songplay_row(play, tracks[track(play)]) for play in plays),
        users=sort_rows(r3_users([event for batch in event_batches for event in batch])),
        songs=sort_rows(r4_songs(songs_now)),
        artists=sort_rows(r5_artists(songs_now)),
        time=sort_rows(r6_time(plays)),
        rejects=[reject for file in files for reject in file.rejects],
        tracks=tracks,
        resolution={name: matches[name] for name in MATCHES},
        files=[file.count for file in files],
        unreadable=[file.version.name for batch in batches for file in batch if file.unreadable],
    )


@dataclass(frozen=True)
class Staged:
    """What staging takes of one file."""

    version: Version
    rows: list[Event | Song]
    rejects: list[Rejected]
    is_control: bool
    unreadable: str | None
    """What it is, if it is no data file; then it has neither rows nor rejects that count."""

    @property
    def is_data(self) -> bool:
        return not (self.is_control or self.unreadable)

    @property
    def count(self) -> FileCount:
        staged, rejected = len(self.rows), len(self.rejects)
        return FileCount(self.version.name, self.version.modified, staged + rejected, staged, rejected)


def stage(version: Version, *, jsonpaths: bool = False) -> Staged:
    """Each record of a file is a row or a reject (R8). With `jsonpaths` the logs come through a JSONPaths file of the
    public names, which match exactly or not at all.
    """
    items = read(version)
    rows: list[Event | Song] = []
    rejects: list[Rejected] = []
    for item in items:
        try:
            if isinstance(item, Bad):
                raise Misfit(item.reason_class, *item.all_classes)
            rows.append(
                stage_event(item, any_case=not jsonpaths) if kind(version.name) == "events" else stage_song(item)
            )
        except Misfit as misfit:
            rejects.append(Rejected(version.name, item.line, misfit.reason_class, misfit.all_classes))
    return Staged(version, rows, rejects, is_control_file(items), unreadable(version, items))


def sort_rows(rows: Iterable[Sequence[Cell]]) -> list[Row]:
    """Rows in an order of their own values, None lowest: apply it to an engine's rows before comparing."""

    def key(row: Sequence[Cell]) -> list[tuple[int, Cell]]:
        return [(-1, None) if cell is None else (TYPE_ORDER[type(cell)], cell) for cell in row]

    return sorted((tuple(row) for row in rows), key=key)


# --- Files (4.1) ---------------------------------------------------------------------------------------


def is_read(name: str) -> bool:
    """4.1: data files by suffix, in a data folder; neither they nor a folder on the way are hidden."""
    root, *below = name.split("/")
    return (
        root in {"song_data", "log_data"}
        and bool(below)
        and not any(part.startswith((".", "_")) for part in below)
        and re.search(r"\.(json|jsonl|ndjson)(\.gz|\.zst)?$", below[-1]) is not None
    )


def kind(name: str) -> str:
    return "songs" if name.startswith("song_data/") else "events"


def is_control_file(items: Sequence[Record | Bad]) -> bool:
    """4.1: a JSONPaths file or a manifest of COPY or UNLOAD is not data, wherever it lies."""
    if len(items) != 1 or isinstance(items[0], Bad):
        return False
    members = dict(items[0].members)
    if members.keys() == {"jsonpaths"}:
        return members["jsonpaths"].startswith(b"[")
    manifest = {"entries"} <= members.keys() <= {"entries", "schema", "meta", "author"}
    return manifest and members["entries"].startswith(b"[")


MAGIC = {".gz": (b"\x1f\x8b",), ".zst": (b"\x28\xb5\x2f\xfd", *(b"%c\x2a\x4d\x18" % n for n in range(0x50, 0x60)))}
"""How compressed data begins; a zst file may begin with a frame to be skipped."""
UTF_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
"""Byte order marks of UTF-16 and UTF-32; that of little-endian UTF-32 begins with the first."""
UTF_BRACES = tuple(brace.encode(name) for brace in "{[" for name in ("utf-16-le", "utf-16-be", "utf-32-be"))


def unreadable(version: Version, items: Sequence[Record | Bad]) -> str | None:
    """4.1, "What is no data file is no record": what a file that holds not one JSON object is instead.

    None for a file that holds an object (though it be a reject) and for one whose text is merely no JSON.
    """
    if any(isinstance(item, Record) or item.reason_class == "encoding" for item in items):
        return None
    name, stored = version.name, version.data
    for suffix, beginnings in MAGIC.items():
        if name.endswith(suffix) and stored and not stored.startswith(beginnings):
            return f"not {suffix}"
    data, whole = decompress(version)
    if not whole and not data:
        return "damaged from its beginning"
    if data.startswith(tuple(beginning for beginnings in MAGIC.values() for beginning in beginnings)):
        return "compressed under another name"
    if data.startswith(UTF_MARKS + UTF_BRACES):  # a brace or bracket with zero bytes beside it needs no mark
        return "UTF-16 or UTF-32"
    beginning = data.removeprefix(MARK).lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if beginning.startswith(b"version https://git-lfs.github.com/spec/"):
        return "a pointer of a large-file store"
    return None


def read(version: Version) -> list[Record | Bad]:
    """The records and rejects of a file. Of a damaged compressed file the readable part counts, then one
    reject, which takes a half record at the end of that part with it.
    """
    data, whole = decompress(version)
    items = parse(data)
    if not whole:
        line = 1 + data.count(b"\n")
        if items and isinstance(items[-1], Bad) and items[-1].reason_class == "malformed":
            line = items.pop().line
        items.append(Bad(line, "corrupt"))
    return items


def decompress(version: Version) -> tuple[bytes, bool]:
    """All that can be read, and whether that is the whole file. A file of no bytes is whole and empty."""
    if version.name.endswith(".gz"):
        return _decompress(version.data, lambda: zlib.decompressobj(wbits=31), zlib.error, padding=b"\0")
    if version.name.endswith(".zst"):
        widest = zstandard.ZstdDecompressor(max_window_size=2**31)  # `zstd --long=31`
        return _decompress(version.data, widest.decompressobj, zstandard.ZstdError)
    return version.data, True


class Decompressor(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _decompress(
    data: bytes, start: Callable[[], Decompressor], error: type[Exception], padding: bytes = b""
) -> tuple[bytes, bool]:
    """One compressed member after the other; zero bytes may pad the end of a gzip file."""
    plain = b""
    while data:
        member = start()
        try:
            plain += member.decompress(data)
        except error:
            return plain + _readable(data, start(), error), False
        if not member.eof:
            return plain, False
        data = member.unused_data.lstrip(padding)
    return plain, True


def _readable(data: bytes, member: Decompressor, error: type[Exception]) -> bytes:
    """What comes out before the damage, fed byte by byte, because an error takes its call's output along."""
    plain = b""
    try:
        for position in range(len(data)):
            plain += member.decompress(data[position : position + 1])
    except error:
        pass
    return plain


# --- JSON (4.1) ----------------------------------------------------------------------------------------

MARK = b"\xef\xbb\xbf"
SEPARATORS = re.compile(rb"[ \t\r\n\f\v]*")
BLANK = re.compile(rb"[ \t\r\n]*")
STRING = rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+"'
NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
STRINGS = re.compile(STRING)
SCALAR = re.compile(rb"%b|%b|true|false|null" % (STRING, NUMBER))
KEY = re.compile(rb"(%b)[ \t\r\n]*:[ \t\r\n]*" % STRING)
NUMBERS = re.compile(NUMBER.decode())


AGAIN = re.compile(rb"[\n}][ \t\r\n\f\v]*+\{?")


def parse(data: bytes) -> list[Record | Bad]:
    """4.1, "What one reject is": the objects of a decompressed file, and what is not one, with their lines.

    What is no JSON value ends before the next brace at the beginning of a line or behind a closing brace,
    white space aside. Taken literally: any closing brace, also one within a text; a line begins behind LF only;
    white space is that which may separate records; a mark in the middle of a file is no white space.
    """
    items: list[Record | Bad] = []
    braces = [found.end() - 1 for found in AGAIN.finditer(data) if found[0].endswith(b"{")]
    hopeless: set[int] = set()
    position = len(MARK) if data.startswith(MARK) else 0
    line, counted = 1, 0
    while (position := _skip(SEPARATORS, data, position)) < len(data):
        line, counted = line + data.count(b"\n", counted, position), position
        end = value_end(data, position, hopeless)
        if end is None:
            following = bisect_right(braces, position)
            end = braces[following] if following < len(braces) else len(data)
            items.append(_bad(line, "malformed", data[position:end]))
        elif data[position : position + 1] != b"{":
            items.append(_bad(line, "not-an-object", data[position:end]))
        elif not is_utf8(data[position:end]):
            items.append(Bad(line, "encoding", frozenset({"encoding"})))
        else:
            items.append(Record(line, tuple(members(data[position:end]))))
        position = end
    return items


def _bad(line: int, reason_class: str, source: bytes) -> Bad:
    return Bad(line, reason_class, frozenset({reason_class} if is_utf8(source) else {reason_class, "encoding"}))


def value_end(data: bytes, position: int, hopeless: set[int] | None = None) -> int | None:
    """The end of the JSON value that starts here; None if there is none. No recursion: nesting may be deep.

    `hopeless` remembers, over the calls for one file, the beginnings of objects and arrays that come to no end:
    where the outer one breaks, the inner ones that are open break too.
    """
    opened: list[int] = []
    end = None if hopeless and position in hopeless else _value_end(data, position, opened)
    if end is None and hopeless is not None:
        hopeless.update(opened)
    return end


def _value_end(data: bytes, position: int, opened: list[int]) -> int | None:
    """As `value_end`; leaves in `opened` where each object or array begins that is still open at the end."""
    closing: list[bytes] = []
    while True:
        opening = data[position : position + 1]
        if opening in {b"{", b"["}:
            close = b"}" if opening == b"{" else b"]"
            start = position
            position = _skip(BLANK, data, position + 1)
            if data[position : position + 1] != close:
                closing.append(close)
                opened.append(start)
                if close == b"]":
                    continue
                if not (key := KEY.match(data, position)):
                    return None
                position = key.end()
                continue
            position += 1
        elif scalar := SCALAR.match(data, position):
            position = scalar.end()
        else:
            return None
        while closing:
            position = _skip(BLANK, data, position)
            if data[position : position + 1] == closing[-1]:
                closing.pop()
                opened.pop()
                position += 1
                continue
            if data[position : position + 1] != b",":
                return None
            position = _skip(BLANK, data, position + 1)
            if closing[-1] == b"}":
                if not (key := KEY.match(data, position)):
                    return None
                position = key.end()
            break
        else:
            return position


def members(source: bytes) -> Iterator[tuple[str, bytes]]:
    """The keys and value texts of a JSON object that is known to be well formed."""
    position = _skip(BLANK, source, 1)
    while key := KEY.match(source, position):
        end = value_end(source, key.end())
        assert end is not None
        yield json.loads(key[1]), source[key.end() : end]
        position = _skip(BLANK, source, _skip(BLANK, source, end) + 1)


def is_utf8(source: bytes) -> bool:
    try:
        source.decode()
    except UnicodeDecodeError:
        return False
    return True


def _skip(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    found = pattern.match(data, position)
    return found.end() if found else position


# --- Staging (4.2, and the types of 4.1) -----------------------------------------------------------------


class Misfit(Exception):
    """The record does not fit its table."""

    def __init__(self, *classes: str) -> None:
        self.reason_class = classes[0]
        self.all_classes = frozenset(classes)
        super().__init__(*classes)


def stage_event(record: Record, *, any_case: bool = True) -> Event:
    """4.1, 4.2: the columns of `staging_events`."""
    return Event(**_fitted(record, EVENT_FIELDS, ("ts", "page"), any_case=any_case))


def stage_song(record: Record) -> Song:
    """4.1, 4.2: the columns of `staging_songs`."""
    return Song(**_fitted(record, SONG_FIELDS, ("song_id",)))


def _fitted(
    record: Record, fields: Mapping[str, tuple[str, Fit]], required: Sequence[str], *, any_case: bool = True
) -> dict[str, Any]:
    """The cells of a row, by column. A record may be wrong in several ways; the first of them is told."""
    cells: dict[str, Any] = {}
    faults: list[str] = []
    for column, (name, fit) in fields.items():
        try:
            cells[column] = fit(value(record, name, any_case=any_case))
        except Misfit as misfit:
            faults.append(misfit.reason_class)
    faults += ["missing" for column in required if cells.get(column, "bad") in (None, "")]
    if faults:
        raise Misfit(*faults)
    return cells


def value(record: Record, name: str, *, any_case: bool = True) -> str:
    """The source text of a field, `null` if it is missing: the exact name first, then any case; last wins.

    Only the value that counts is looked into: neither U+0000 nor half a surrogate may be in any text of it, in
    those within an array or object neither. What an unknown field or an earlier one of the same name holds is
    nobody's.
    """
    exact = [source for key, source in record.members if key == name]
    near = [source for key, source in record.members if any_case and key.lower() == name.lower()]
    source = (exact or near or [b"null"])[-1]
    texts = [json.loads(text) for text in STRINGS.findall(source)]
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for text in texts for char in text):
        raise Misfit("encoding")
    return source.decode()


Fit = Callable[[str], Cell]
"""Takes the source text of a value; returns what its column holds, raises Misfit where it does not fit."""


def text(max_bytes: int) -> Fit:
    """A string is its text; number, boolean, object and array are their source text."""

    def fit(source: str) -> str | None:
        if source == "null":
            return None
        result = str(json.loads(source)) if source.startswith('"') else source
        if len(result.encode()) > max_bytes:
            raise Misfit("too-long")
        return result

    return fit


def number(source: str) -> str | None:
    """The text of a JSON number, bare or as a string; None for null and for empty text."""
    if source in {"null", '""'}:
        return None
    if source.startswith('"'):
        source = str(json.loads(source))
    if not NUMBERS.fullmatch(source):
        raise Misfit("value")
    return source


def integral(lowest: int, highest: int) -> Fit:
    """Whole numbers, judged as decimals."""

    def fit(source: str) -> int | None:
        digits = number(source)
        if digits is None:
            return None
        result = whole(digits)
        if result is None or not lowest <= result <= highest:
            raise Misfit("value")
        return result

    return fit


def whole(digits: str) -> int | None:
    """The value of a JSON number if it is whole and has at most 30 digits, exactly; None if not.

    The number is `unscaled` times ten to the power of `scale`; neither is computed with before its length
    is known: both may have thousands of digits.
    """
    mantissa, _, exponent = digits.lower().partition("e")
    before, _, after = mantissa.lstrip("-").partition(".")
    unscaled = (before + after).lstrip("0")
    if not unscaled:
        return 0
    significant = unscaled.rstrip("0")
    power = exponent.lstrip("+-").lstrip("0") or "0"
    if len(power) > 10:  # more than any file has digits: far too large, or a fraction
        return None
    scale = (-1 if exponent.startswith("-") else 1) * int(power) - len(after) + len(unscaled) - len(significant)
    if scale < 0 or len(significant) + scale > 30:
        return None
    return int(("-" if digits.startswith("-") else "") + significant + "0" * scale)


def double(source: str) -> float | None:
    digits = number(source)
    if digits is None:
        return None
    result = float(digits)
    if math.isinf(result):
        raise Misfit("value")
    return result


def seconds(source: str) -> float | None:
    """R4 makes milliseconds of them, which must be a number too (4.1)."""
    result = double(source)
    if result is not None and math.isinf(result * 1000):
        raise Misfit("value")
    return result


INTEGER = integral(-(2**31), 2**31 - 1)
EPOCH_MS = integral(-210_866_803_200_000, 9_223_372_036_854_775)
"""4713 BC (the first Julian day) to the last whole millisecond of 64 bits of microseconds."""

EVENT_FIELDS: dict[str, tuple[str, Fit]] = {
    "artist": ("artist", text(1024)),
    "auth": ("auth", text(256)),
    "first_name": ("firstName", text(1024)),
    "gender": ("gender", text(256)),
    "item_in_session": ("itemInSession", INTEGER),
    "last_name": ("lastName", text(1024)),
    "length": ("length", double),
    "level": ("level", text(256)),
    "location": ("location", text(1024)),
    "method": ("method", text(256)),
    "page": ("page", text(256)),
    "registration": ("registration", double),
    "session_id": ("sessionId", INTEGER),
    "song": ("song", text(1024)),
    "status": ("status", INTEGER),
    "ts": ("ts", EPOCH_MS),
    "user_agent": ("userAgent", text(4096)),
    "user_id": ("userId", INTEGER),
}
SONG_FIELDS: dict[str, tuple[str, Fit]] = {
    "num_songs": ("num_songs", INTEGER),
    "artist_id": ("artist_id", text(256)),
    "artist_latitude": ("artist_latitude", double),
    "artist_longitude": ("artist_longitude", double),
    "artist_location": ("artist_location", text(1024)),
    "artist_name": ("artist_name", text(1024)),
    "song_id": ("song_id", text(256)),
    "title": ("title", text(1024)),
    "duration": ("duration", seconds),
    "year": ("year", INTEGER),
}
"""By column: the public name of the field, and what fits."""


def catalogue(songs: Iterable[tuple[Version, Song]]) -> list[Song]:
    """4.2: one row per `song_id`, the newest by (time of change, name, position in the file)."""
    newest: dict[str, tuple[tuple[int, str], Song]] = {}
    for version, song in songs:  # positions ascend within a version, so `>=` lets the last one win
        age = (version.modified, version.name)
        if song.song_id not in newest or age >= newest[song.song_id][0]:
            newest[song.song_id] = (age, song)
    return [song for _, song in newest.values()]


# --- The star schema (4.3) -------------------------------------------------------------------------------


def null_if_empty(source: str | None) -> str | None:
    return source or None


def null_lowest(*values: str | float | None) -> tuple[tuple[str | float, ...], ...]:
    """A sort key in which None comes before everything."""
    return tuple(() if each is None else (each,) for each in values)


def r1_plays(batches: Iterable[Sequence[Event]]) -> list[Event]:
    """R1: one play per (start_time, user_id, session_id): of a batch the lowest, of the batches the first."""
    kept: dict[tuple[int, int | None, int | None], Event] = {}
    for batch in batches:
        for event in sorted(batch, key=play_order):
            if event.page == "NextSong":
                kept.setdefault((event.ts, event.user_id, event.session_id), event)
    return list(kept.values())


def play_order(event: Event) -> tuple[tuple[str | float, ...], ...]:
    """R1's order among events of the same key, on staging values: NULL < empty text < any other text."""
    return null_lowest(
        event.item_in_session,
        event.song,
        event.artist,
        event.length,
        event.level,
        event.location,
        event.user_agent,
    )


def track(play: Event) -> Track:
    return null_if_empty(play.song), null_if_empty(play.artist), play.length


def songplay_row(play: Event, found: Resolution) -> Row:
    return (
        timestamp(play.ts),
        play.user_id,
        null_if_empty(play.level),
        found.song_id,
        found.artist_id,
        play.session_id,
        null_if_empty(play.location),
        null_if_empty(play.user_agent),
    )


def r2_resolution(wanted: Track, songs: Sequence[Song], match: str) -> Resolution:
    """R2: (a) exact, (b) title, (c) artist; the first hit wins. NULL and blank text match nothing."""
    name, artist, length = wanted

    def same(one: str | None, other: str | None) -> bool:
        return normalise(one) != "" and normalise(one) == normalise(other)

    exact = [
        song
        for song in songs
        if same(song.title, name)
        and same(song.artist_name, artist)
        and length is not None
        and (song.title, song.artist_name, song.duration) == wanted
    ]
    if exact:
        best = min(exact, key=lambda song: song.song_id)
        return Resolution("exact", best.song_id, null_if_empty(best.artist_id))
    if match == "exact":
        return Resolution("none")

    def distance(song: Song) -> tuple[bool, float]:
        if length is None:
            return (False, 0.0)
        return (True, 0.0) if song.duration is None else (False, abs(song.duration - length))

    titled = [song for song in songs if same(song.title, name) and same(song.artist_name, artist)]
    if titled:
        best = min(titled, key=lambda song: (distance(song), song.song_id))
        return Resolution("title", best.song_id, null_if_empty(best.artist_id))

    ids = Counter(song.artist_id for song in songs if song.artist_id and same(song.artist_name, artist))
    if ids:
        return Resolution("artist", None, min(ids, key=lambda artist_id: (-ids[artist_id], artist_id)))
    return Resolution("none")


@lru_cache(maxsize=100_000)
def normalise(source: str | None) -> str:
    """R2's normalisation; empty for what matches nothing."""
    result = source or ""
    for _ in range(3):
        try:
            result = result.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    # Only U+0130 has a lower case of two characters; its simple mapping is a plain i. One character at a
    # time also keeps Python from giving a sigma at the end of a word its final form.
    lower = "".join("i" if char == "\u0130" else char.lower() for char in result)
    return re.sub(r"[ \t\r\n\f\v]+", " ", lower).strip(" ")


def r3_users(events: Sequence[Event]) -> Iterator[Row]:
    """R3: everyone with a `user_id` in any event, as their latest event has them."""

    def attributes(event: Event) -> tuple[str | None, ...]:
        return (
            null_if_empty(event.first_name),
            null_if_empty(event.last_name),
            null_if_empty(event.gender),
            null_if_empty(event.level),
        )

    def lateness(event: Event) -> tuple[tuple[str | float, ...], ...]:
        return null_lowest(event.ts, event.session_id, event.item_in_session, *attributes(event))

    by_user: dict[int, list[Event]] = {}
    for event in events:
        if event.user_id is not None:
            by_user.setdefault(event.user_id, []).append(event)
    for user_id, own in by_user.items():
        yield (user_id, *attributes(max(own, key=lateness)))


def r4_songs(songs: Iterable[Song]) -> Iterator[Row]:
    """R4: one row per `song_id`; year 0 is unknown; milliseconds."""
    for song in songs:
        yield (
            song.song_id,
            null_if_empty(song.title),
            null_if_empty(song.artist_id),
            song.year or None,
            None if song.duration is None else song.duration * 1000,
        )


def r5_artists(songs: Sequence[Song]) -> Iterator[Row]:
    """R5: one row per artist of the present catalogue: the most frequent name, place and coordinates."""

    def favourite(texts: Iterable[str | None]) -> str | None:
        counts = Counter(each for each in texts if each)
        return min(counts, key=lambda each: (-counts[each], len(each), each), default=None)

    by_artist: dict[str, list[Song]] = {}
    for song in songs:
        if song.artist_id:
            by_artist.setdefault(song.artist_id, []).append(song)
    for artist_id, own in by_artist.items():
        pairs = Counter(
            (song.artist_latitude, song.artist_longitude)
            for song in own
            if song.artist_latitude is not None and song.artist_longitude is not None
        )
        latitude, longitude = min(pairs, key=lambda pair: (-pairs[pair], pair), default=(None, None))
        yield (
            artist_id,
            favourite(song.artist_name for song in own),
            favourite(song.artist_location for song in own),
            latitude,
            longitude,
        )


CYCLE_DAYS = 146_097
"""Days in 400 years, after which the Gregorian calendar repeats, weekdays and all (20,871 weeks)."""


def r6_time(plays: Iterable[Event]) -> Iterator[Row]:
    """R6: one row per distinct start time: hour, day, ISO week, month, year, weekday from Sunday = 0."""
    for ts in {play.ts for play in plays}:
        day, year, ms = civil(ts)
        yield (
            timestamp(ts),
            ms // 3_600_000,
            day.day,
            day.isocalendar().week,
            day.month,
            year,
            day.isoweekday() % 7,
        )


def civil(ts: int) -> tuple[date, int, int]:
    """A day of the years 2000 to 2399 like that of the instant, the true year (0 is 1 BC), and the day's ms."""
    days, ms = divmod(ts, 86_400_000)
    since_2000 = days - (date(2000, 1, 1) - date(1970, 1, 1)).days
    cycles, rest = divmod(since_2000, CYCLE_DAYS)
    day = date(2000, 1, 1) + timedelta(days=rest)
    return day, day.year + 400 * cycles, ms


def timestamp(ts: int) -> datetime | str:
    """A `datetime` in UTC without a zone; where Python has none, text as DuckDB's client returns it."""
    day, year, ms = civil(ts)
    if 1 <= year <= 9999:
        return datetime(year, day.month, day.day) + timedelta(milliseconds=ms)
    era = "" if year > 0 else " (BC)"
    seconds, fraction = divmod(ms, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    decimals = f".{fraction:03}".rstrip("0") if fraction else ""
    return f"{year if year > 0 else 1 - year:04}-{day.month:02}-{day.day:02}{era} {clock}{decimals}"
