"""Hypothesis strategies: source records, their files in every accepted shape, and histories of folders.

A source record is a dict from public field names to values of the column's type; a file shows it in one of
many shapes that mean the same (`log_bytes`, `song_bytes`). The alphabets are small, so that keys, titles,
names, durations and plays collide often. Shapes come from a `Style` and its seed: few draws, and a failure
shrinks towards compact JSON, one object a line.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

import zstandard
from hypothesis import strategies as st

from tests.reference import NUMBERS, Version

Value = str | int | float | None
Source = dict[str, Value]
"""A record by its public field names, such as `firstName`; a missing field and None mean the same."""


def twice(text: str) -> str:
    """`text` as UTF-8 encoded twice shows it, as the public logs have it."""
    return text.encode().decode("latin-1")


TITLES = (
    *("Song", "SONG", " song ", "so ng", "So \t\n nG", "song\u00a0", "Other"),
    *("Jóga", twice("Jóga"), twice(twice("JÓGA")), twice(twice(twice(twice("Jóga")))), "Jo\u0301ga"),
    *("İ", "i", "i\u0307", "I", "ı", "ΑΣ", "ας", "ασ", twice("ΑΣ"), "ß", "ẞ", "SS", "ﬁ", "FI", "Ã", "Ã€"),
    *(
        "66",
        "1.10",
        "-0",
        "1e2",
        "true",
        "null",
        "NaN",
        '{"ts": 1}',
        "[1, 2]",
        '"A" \\ /',
        "it's; --",
        "}\n{",
    ),
    *(None, "", " ", "\t\r\n", "\u2028", "🎵", "é" * 512),
)
ARTISTS = (
    *("Band", "BAND", "band ", "Björk", twice("Björk"), twice("BJÖRK"), "İ", "i", "ΣΑΣ", "σας", "ﬁ", "702"),
    *(None, "", " ", "false", "Band feat. Rob"),
)
DURATIONS = (100.0, 99.0, 101.0, 100.5, 99.16036, 305.1, 0.0, None)
"""Seconds; 99 and 101 lie equally far from 100."""
PLACES = (None, "", " ", "SF", "San Francisco", "LA", "Århus", twice("Århus"), "10001")
INSTANTS = (
    1541990258796,  # a Monday
    1541990258797,
    1541894400000,  # Sunday, midnight
    1546214400000,  # 2018-12-31, week 1 of 2019
    1230768000000 + 86_400_000 * 364,  # 2009-12-31, week 53
    1582934400000,  # a leap day
    0,
    -1,
)
FAR_INSTANTS = (
    *(-210_866_803_200_000, -62_135_596_800_001, -62_135_596_800_000),  # the first; around 0001-01-01
    *(253_402_300_799_999, 253_402_300_800_000, 9_223_372_036_854_775),  # around the year 10000; the last
)


def variants(text: str) -> Sequence[str]:
    """The text, then others that are mostly equal to it after R2's normalisation; all fit their column."""
    others = (text.swapcase(), f" {text}\t", text.replace(" ", " \n "), twice(text), twice(twice(text)))
    return text, text, *(other for other in others if len(other.encode()) <= 1024)


@st.composite
def _some_variant(draw: st.DrawFn, texts: Sequence[str | None]) -> str | None:
    text = draw(st.sampled_from(texts))
    return None if text is None else draw(st.sampled_from(variants(text)))


@st.composite
def song_records(
    draw: st.DrawFn, titles: Sequence[str | None] = TITLES, artists: Sequence[str | None] = ARTISTS
) -> Source:
    """One record of the catalogue."""
    latitude, longitude = draw(
        st.sampled_from([(None, None), (37.5, -121.29), (0.0, 0.0), (1.5, None), (None, 2.5), (37.5, -122.0)])
    )
    return {
        "num_songs": draw(st.sampled_from([1, None])),
        "artist_id": draw(st.sampled_from(["AR1", "AR2", "AR10", "ar1", None, ""])),
        "artist_latitude": latitude,
        "artist_longitude": longitude,
        "artist_location": draw(st.sampled_from(PLACES)),
        "artist_name": draw(_some_variant(artists)),
        "song_id": draw(st.sampled_from(["S1", "S2", "S3", "S10", "s1", "SÉ", "66"])),
        "title": draw(_some_variant(titles)),
        "duration": draw(st.sampled_from(DURATIONS)),
        "year": draw(st.sampled_from([0, 1999, 2004, None])),
    }


@st.composite
def catalogues(draw: st.DrawFn, *, min_size: int = 0, max_size: int = 8) -> list[Source]:
    """Song records of a few titles and names in many variants; several may carry the same `song_id`."""
    titles = draw(st.lists(st.sampled_from(TITLES), min_size=1, max_size=3))
    artists = draw(st.lists(st.sampled_from(ARTISTS), min_size=1, max_size=2))
    return draw(st.lists(song_records(titles, artists), min_size=min_size, max_size=max_size))


@st.composite
def event_records(draw: st.DrawFn, instants: Sequence[int] = INSTANTS, tracks: Sequence[Source] = ()) -> Source:
    """One event, whose track is often like one of `tracks` (song records): exactly, by title or by artist."""
    song, artist = draw(st.sampled_from(TITLES)), draw(st.sampled_from(ARTISTS))
    length: Value = draw(st.sampled_from(DURATIONS))
    likeness = draw(st.sampled_from(["exact", "title", "title", "artist", "any"])) if tracks else "any"
    if likeness != "any":
        known = draw(st.sampled_from(tracks))
        title, name = _text_or_none(known["title"]), _text_or_none(known["artist_name"])
        if likeness == "exact":
            song, artist, length = title, name, known["duration"]
        else:
            artist = draw(_some_variant([name]))
            song = draw(_some_variant([title])) if likeness == "title" else song
    first, last, gender = draw(
        st.sampled_from([("Ada", "Byron", "F"), ("Ada", "", "F"), ("Åse", "Byron", None), (None, None, "M")])
    )
    return {
        "artist": artist,
        "auth": "Logged In",
        "firstName": first,
        "gender": gender,
        "itemInSession": draw(st.sampled_from([0, 1, None])),
        "lastName": last,
        "length": length,
        "level": draw(st.sampled_from(["free", "paid", None, ""])),
        "location": draw(st.sampled_from(PLACES)),
        "method": "PUT",
        "page": draw(st.sampled_from(["NextSong", "NextSong", "NextSong", "Home", "nextsong", "NextSong "])),
        "registration": draw(st.sampled_from([1540000000000.0, 1.5e12, None])),
        "sessionId": draw(st.sampled_from([7, 8, None])),
        "song": song,
        "status": 200,
        "ts": draw(st.sampled_from(instants)),
        "userAgent": draw(st.sampled_from(['"Agent"', "\\", None, ""])),
        "userId": draw(st.sampled_from([5, 6, -(2**31), 2**31 - 1, None])),
    }


@st.composite
def events(
    draw: st.DrawFn,
    *,
    min_size: int = 0,
    max_size: int = 10,
    conflicts: bool = True,
    tracks: Sequence[Source] = (),
    far: bool = False,
) -> list[Source]:
    """Events of every page.

    Without `conflicts`, plays of the same (ts, userId, sessionId) are the same record (R1, R7). With `far`,
    some instants lie outside the years 1 to 9999, which no Python `datetime` holds.
    """
    instants = INSTANTS + FAR_INSTANTS if far else INSTANTS
    records = draw(st.lists(event_records(instants, tracks), min_size=min_size, max_size=max_size))
    return records if conflicts else without_conflicts(records)


def without_conflicts(records: Sequence[Source]) -> list[Source]:
    """The events, each play replaced by the first of the same key."""
    first: dict[tuple[Value, ...], Source] = {}
    return [
        first.setdefault((record["ts"], record["userId"], record["sessionId"]), record)
        if record["page"] == "NextSong"
        else record
        for record in records
    ]


# --- Shapes ----------------------------------------------------------------------------------------------

SEPARATORS = {
    "lines": ("\n",),
    "crlf": ("\r\n",),
    "blank lines": ("\n", "\n\n", "\r\n \t\r\n"),
    "spaces": (" ",),
    "glued": ("",),
    "pretty": ("\n", ""),
    "mixed": ("", " ", "\t", "\n", "\r", "\r\n", "\f", "\v", "\n\n", "\n  \n"),
}
ODDITIES = ("shuffle", "case", "unknown", "missing", "literals", "escapes", "duplicates", "blanks")


@dataclass(frozen=True)
class Style:
    """How a file shows its records; the same style and records give the same bytes."""

    layout: str = "lines"
    """A key of `SEPARATORS`."""
    oddities: frozenset[str] = frozenset()
    """What varies from field to field, of `ODDITIES`."""
    spaced: bool = False
    bom: bool = False
    final_newline: bool = False
    seed: int = 0


def styles() -> st.SearchStrategy[Style]:
    return st.builds(
        Style,
        layout=st.sampled_from(list(SEPARATORS)),
        oddities=st.frozensets(st.sampled_from(ODDITIES)),
        spaced=st.booleans(),
        bom=st.booleans(),
        final_newline=st.booleans(),
        seed=st.integers(0, 2**16),
    )


@st.composite
def log_bytes(draw: st.DrawFn, records: Sequence[Source], *, bad: bool = False) -> bytes:
    """A log file of these events, not compressed; with `bad`, lines that are rejects may lie between them."""
    return file_bytes(records, draw(styles()), draw(_bad_between("log")) if bad else ())


@st.composite
def song_bytes(draw: st.DrawFn, records: Sequence[Source], *, bad: bool = False) -> bytes:
    """A song file of these records, not compressed; with `bad`, rejects may lie between them."""
    return file_bytes(records, draw(styles()), draw(_bad_between("song")) if bad else ())


def file_bytes(records: Sequence[Source], style: Style, bad: Sequence[tuple[int, BadLine]] = ()) -> bytes:
    """The records in this style; each bad line stands alone on its line, before the record of that number.

    With one style, a longer list begins with the bytes of a shorter one (but for a final newline).
    """
    random = Random(style.seed)
    parts: list[bytes] = []
    for number, record in enumerate(records):
        parts.extend(b"\n" + line.source + b"\n" for before, line in bad if before == number)
        separator = random.choice(SEPARATORS[style.layout]) if parts else ""
        parts.append((separator + record_text(record, style, random)).encode())
    parts.extend(b"\n" + line.source + b"\n" for before, line in bad if before >= len(records))
    if style.final_newline:
        parts.append(b"\r\n" if style.layout == "crlf" else b"\n")
    return (b"\xef\xbb\xbf" if style.bom else b"") + b"".join(parts)


def packed(name: str, data: bytes) -> bytes:
    """The bytes to store under this name: compressed if it says so, gzip sometimes in two members."""
    if name.endswith(".gz"):
        half = len(data) // 2 if len(data) % 3 == 0 else len(data)
        return gzip.compress(data[:half], mtime=0) + (gzip.compress(data[half:], mtime=0) if data[half:] else b"")
    return zstandard.compress(data) if name.endswith(".zst") else data


def record_text(record: Mapping[str, Value], style: Style, random: Random) -> str:
    """One JSON object that stages as `record` does."""
    odd = style.oddities
    members = []
    for name, value in record.items():
        if value is None and "missing" in odd and random.random() < 0.7:
            continue
        key = random.choice(spellings(name)) if "case" in odd else name
        members.append((name, key, random.choice(list(value_texts(name, value, odd)))))
    if "shuffle" in odd:
        random.shuffle(members)
    shown = [(key, text) for _, key, text in members]
    if "duplicates" in odd and members:  # an earlier key of the same name means nothing, whatever it holds
        place = random.randrange(len(members))
        name, key, _ = members[place]
        decoy = random.choice([other for other in (key, *spellings(name)) if other == key or other != name])
        shown.insert(random.randint(0, place), (decoy, random.choice(["null", '"x"', "1.5", "{}", "true"])))
    if "unknown" in odd:
        nested = '{"ts": "no", "page": [{}, "}", "\\u0000"], "é{": null}'
        extra = [("extra", nested), ("", "[]"), ("song title", '"\\"{"'), ("pages", '"NextSong"'), ("\0", '"\\ud800"')]
        shown.insert(random.randint(0, len(shown)), random.choice(extra))

    def blank() -> str:
        return random.choice(["", "", " ", "\t", "\n", "\r\n"]) if "blanks" in odd else ""

    pretty = style.layout == "pretty"
    comma, colon = (", ", ": ") if style.spaced and not pretty else (",", ": " if pretty else ":")
    indent = "\n  " if pretty else ""
    body = (comma + indent).join(
        f"{blank()}{_string(key, odd, random)}{blank()}{colon}{blank()}{text}{blank()}" for key, text in shown
    )
    return "{" + indent + body + ("\n}" if pretty else "}")


def spellings(name: str) -> list[str]:
    """A field name as it is and in other cases."""
    return [name, name.upper(), name.lower(), name.swapcase(), name.capitalize()]


def value_texts(name: str, value: Value, oddities: frozenset[str]) -> Iterator[str]:
    """The JSON texts that load as `value`."""
    literals = "literals" in oddities
    if value is None:
        yield "null"
        if literals and name in NUMERIC_FIELDS:
            yield '""'
    elif isinstance(value, str):
        yield json.dumps(value, ensure_ascii=False)
        if "escapes" in oddities:
            yield json.dumps(value).replace("/", "\\/")
            yield '"' + "".join(f"\\u{unit:04X}" for unit in _utf16(value)) + '"'
        if literals and _is_literal(value):
            yield value
    elif isinstance(value, int):
        yield str(value)
        if literals:
            yield f'"{value}"'
        if literals:
            yield from (f"{value}.0", f"{value}e0", f"{value}.00E+00", f'"{value}.0"', format(Decimal(value), ".15e"))
            yield f"{value * 10**30}e-30"
    else:
        yield repr(value)
        if literals:
            yield from (f'"{value!r}"', format(value, ".17e"), f'"{value:.17E}"')
            if value.is_integer():
                yield from (str(int(value)), f'"{int(value)}"')


NUMERIC_FIELDS = frozenset(
    {"itemInSession", "length", "registration", "sessionId", "status", "userId", "ts"}
    | {"num_songs", "artist_latitude", "artist_longitude", "duration", "year"}
)


def _is_literal(text: str) -> bool:
    """Whether the text, without quotes, is a JSON value that a text column takes as it stands."""
    return bool(NUMBERS.fullmatch(text)) or text in {"true", "false", '{"ts": 1}', "[1, 2]"}


def _string(text: str, oddities: frozenset[str], random: Random) -> str:
    if "escapes" in oddities and text and random.random() < 0.2:
        return f'"\\u{ord(text[0]):04x}{text[1:]}"'
    return json.dumps(text, ensure_ascii=False)


def _utf16(text: str) -> Iterator[int]:
    data = text.encode("utf-16-be")
    return (int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2))


def _text_or_none(value: Value) -> str | None:
    return value if isinstance(value, str) else None


# --- Rejects (4.1) -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BadLine:
    """Text that is exactly one reject where it stands alone on its line and a line with `{` follows."""

    source: bytes
    reason_class: str
    """As in `tests.reference.Rejected`."""


NO_VALUE = (
    *(b'{"artist": oops}', b"oops", b'{"ts": 1, "page": "Home",}', b'{"ts": NaN, "page": "Home"}'),
    *(b'{"ts": 1, "page": "Home", "length": Infinity}', b"{'ts': 1}", b'{"ts": 1, "page": "Ho', b"{", b"}"),
    *(b'{"ts": 01, "page": "Home"}', b'{"ts": +1, "page": "Home"}', b'{"ts" 1}', b'{"ts": 1 "page": "Home"}'),
    *(b'{"ts": 1, "page": "\\x"}', b'{"ts": 1, "page": "a\tb"}', b"// no", b'[{"ts": 1}', b'"open', b"NaN"),
    *(b'{"ts": 1, "page": "Home", "length": .5}', b'{"ts": 1, "page": "Home", "length": 5.}', b"-", b","),
    *(b'{"ts": 1., "page": "Home"}', b'{"ts": tru, "page": "Home"}', b"\xff{", b"\x00", b"{\x00}"),
    *(
        b'  {"ts": 1, "page": oops}',
        b'{"page": "a\x00b", "ts": 1, "song_id": "S"}',
        b"{1: 2}",
        b'{"a":\x0c1}',
    ),
)
NO_OBJECT = (
    *(b"null", b"42", b"-1.50e3", b"true", b'"text"', b"[]", b"[1, [2, {}]]", b'[{"ts": 1, "page": "Home"}]'),
    *(b'"\xff"', b'["\\ud800"]', b"[" * 3000 + b"]" * 3000),
)
NOT_UTF_8 = (b'"\xff"', b'"caf\xe9"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"')
BAD_TEXTS = (
    *NOT_UTF_8,
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83dx"', b'"\\u0000"', b'"a\\u0000"', b'["\\u0000"]'),
)
BAD_NUMBERS = (
    *(b"true", b"false", b'"abc"', b'"5 "', b'" 5"', b'" "', b'"+5"', b'"05"', b'"0x5"', b'"1_0"', b'"5."'),
    *(
        b'".5"',
        b"[5]",
        b"{}",
        b'"NaN"',
        b'"Infinity"',
        b"1e400",
        b'"-1e400"',
        b'"null"',
        b'"true"',
        b"9" * 400,
    ),
    *('"٥"'.encode(), '"5\u00a0"'.encode(), b'"1e"', b'"5\\n"'),
)
BAD_INTEGERS = (
    *(*BAD_NUMBERS, b"1.5", b'"1.5"', b"2147483648", b"-2147483649", b'"2147483648"', b"1e10", b"0.1e0"),
    *(b"2147483647.5", b"1e-1", b"9" * 5000, b"7.00000000000000000001", b"1e-400", b"2147483647.0000000001"),
    *(b"1e%b" % (b"9" * 5000), b"1e-%b" % (b"9" * 5000), b'"7.00000000000000000001"'),
)
BAD_INSTANTS = (
    *(*BAD_NUMBERS, b"1541990258796.5", b'"yesterday"', b'"2018-11-12"', b"9223372036854776", b"1e16"),
    *(b"1541121934796.0001", b"1541990258796.00000000000001", b"9223372036854775.01", b"1e-400"),
    *(b"-210866803200001", b'"9223372036854776"'),
)


def _song_line(**fields: bytes) -> bytes:
    return _line({"song_id": b'"S1"', **fields})


def _log_line(**fields: bytes) -> bytes:
    return _line({"ts": b"1541990258796", "page": b'"NextSong"', **fields})


def _line(fields: Mapping[str, bytes]) -> bytes:
    return b"{" + b", ".join(b'"%b": %b' % (name.encode(), text) for name, text in fields.items()) + b"}"


def _too_long(limit: int) -> tuple[bytes, ...]:
    """One byte more than an even limit: ASCII, characters of two bytes, a number, an array."""
    ascii_text, wide_text = b"x" * (limit + 1), "é".encode() * (limit // 2) + b"x"
    return b'"%b"' % ascii_text, b'"%b"' % wide_text, b"1" * (limit + 1), b"[%b]" % (b" " * (limit - 1))


def _bad_log_lines() -> Iterator[BadLine]:
    yield from (BadLine(source, "malformed") for source in NO_VALUE)
    yield from (BadLine(source, "not-an-object") for source in NO_OBJECT)
    for name in ("song", "userAgent"):
        yield from (BadLine(_log_line(**{name: source}), "encoding") for source in BAD_TEXTS)
    yield from (BadLine(_log_line(unknown=source), "encoding") for source in NOT_UTF_8)
    for name in ("itemInSession", "sessionId", "status", "userId"):
        yield from (BadLine(_log_line(**{name: source}), "value") for source in BAD_INTEGERS)
    for name in ("length", "registration"):
        yield from (BadLine(_log_line(**{name: source}), "value") for source in BAD_NUMBERS)
    yield from (BadLine(_log_line(ts=source), "value") for source in BAD_INSTANTS)
    for limit, names in LOG_LIMITS.items():
        for name in names:
            yield from (BadLine(_log_line(**{name: source}), "too-long") for source in _too_long(limit))
    for source in (b"null", b'""'):
        yield BadLine(_log_line(ts=source), "missing")
        yield BadLine(_log_line(page=source), "missing")
    yield from (BadLine(source, "missing") for source in (b"{}", b'{"ts": 1}', b'{"page": "Home"}'))
    yield BadLine(b'{"ts": null, "TS": 1, "page": "Home"}', "missing")


def _bad_song_lines() -> Iterator[BadLine]:
    yield from (BadLine(source, "malformed") for source in NO_VALUE)
    yield from (BadLine(source, "not-an-object") for source in NO_OBJECT)
    yield from (BadLine(_song_line(title=source), "encoding") for source in BAD_TEXTS)
    yield from (BadLine(_song_line(unknown=source), "encoding") for source in NOT_UTF_8)
    for name in ("num_songs", "year"):
        yield from (BadLine(_song_line(**{name: source}), "value") for source in BAD_INTEGERS)
    for name in ("artist_latitude", "artist_longitude", "duration"):
        yield from (BadLine(_song_line(**{name: source}), "value") for source in BAD_NUMBERS)
    yield from (BadLine(_song_line(duration=source), "value") for source in (b"1e308", b'"-1.8e305"'))
    for limit, names in SONG_LIMITS.items():
        for name in names:
            yield from (BadLine(_song_line(**{name: source}), "too-long") for source in _too_long(limit))
    yield from (BadLine(_song_line(song_id=source), "missing") for source in (b"null", b'""'))
    yield BadLine(b'{"title": "no id"}', "missing")
    yield BadLine(b'{"song_id": null, "SONG_ID": "S1"}', "missing")


LOG_LIMITS = {
    256: ("auth", "gender", "level", "method", "page"),
    1024: ("artist", "firstName", "lastName", "location", "song"),
    4096: ("userAgent",),
}
SONG_LIMITS = {256: ("artist_id", "song_id"), 1024: ("artist_location", "artist_name", "title")}
BAD_LINES = {"log": tuple(_bad_log_lines()), "song": tuple(_bad_song_lines())}
"""Every kind of reject of 4.1, for each kind of file."""


def bad_lines(kind: str = "log") -> st.SearchStrategy[BadLine]:
    """One reject of a `log` or `song` file: first its class, then one of the class."""
    classes = sorted({line.reason_class for line in BAD_LINES[kind]})
    return st.sampled_from(classes).flatmap(
        lambda wanted: st.sampled_from([line for line in BAD_LINES[kind] if line.reason_class == wanted])
    )


def _bad_between(kind: str) -> st.SearchStrategy[list[tuple[int, BadLine]]]:
    return st.lists(st.tuples(st.integers(0, 5), bad_lines(kind)), max_size=3)


# --- Histories (R7) ------------------------------------------------------------------------------------

Run = dict[str, Version]
"""What lies in the source when a run looks, by name; a name that is gone was deleted."""

BASE_TIME = 1_700_000_000_000_000
"""2023-11-14, in microseconds: the time of change of tick 0; a tick is a second."""

LOG_NAMES = (
    *("log_data/2018/11/1.json", "log_data/2018/11/2.json", "log_data/3.jsonl", "log_data/a/4.json.gz"),
    *("log_data/5.ndjson.zst", "log_data/it's [1] é%20.json"),
)
SONG_NAMES = (
    *("song_data/A/B/C/1.json", "song_data/A/B/C/2.json", "song_data/3.json.gz", "song_data/B/4.jsonl.zst"),
    *("song_data/it's [1] é%20.json",),
)
UNREAD_NAMES = (
    *("log_data/_tmp.json", "log_data/.x/1.json", "log_data/2018/_SUCCESS", "log_data/readme.txt"),
    *("song_data/.1.json", "song_data/_x/1.json", "song_data/1.csv", "log_data/empty.json"),
)
CHANGES = (
    *("log", "song", "log", "song", "log", "song", "grow", "grow", "correct", "correct", "copy", "touch"),
    *("rewrite", "delete", "unread"),
)


@dataclass
class _Folder:
    """The source while its history is made."""

    draw: st.DrawFn
    songs: list[Source]
    events: list[Source]
    bad: bool

    def __post_init__(self) -> None:
        self.files: Run = {}
        self.contents: dict[str, tuple[list[Source], Style, list[tuple[int, BadLine]]]] = {}
        self.ticks: dict[str, int] = {}

    def change(self, change: str) -> None:
        draw = self.draw
        if change == "log":
            self.create(draw(st.sampled_from(LOG_NAMES)), _some(draw, self.events))
        elif change == "song":
            self.create(draw(st.sampled_from(SONG_NAMES)), _some(draw, self.songs))
        elif change == "unread":
            name = draw(st.sampled_from(UNREAD_NAMES))
            self.put(name, b"" if name.endswith("empty.json") else b'{"broken')
        elif names := sorted(self.contents):
            self.change_one(change, draw(st.sampled_from(names)))

    def change_one(self, change: str, name: str) -> None:
        draw = self.draw
        records, style, bad = self.contents[name]
        pool = self.events if name.startswith("log_data/") else self.songs
        if change == "grow":
            self.write(name, records + _some(draw, pool), style, bad)
        elif change == "rewrite":
            self.write(name, records[: draw(st.integers(0, len(records)))], draw(styles()), bad)
        elif change == "touch":
            self.put(name, self.files[name].data)
        elif change == "delete":
            del self.files[name], self.contents[name]
        elif change == "copy":
            others = LOG_NAMES if pool is self.events else SONG_NAMES
            self.write(draw(st.sampled_from(others)), records, style, bad)
        elif change == "correct" and pool is self.songs and records:
            place = draw(st.integers(0, len(records) - 1))
            corrected = draw(song_records()) | {"song_id": records[place]["song_id"]}
            self.write(name, [*records[:place], corrected, *records[place + 1 :]], style, bad)

    def create(self, name: str, records: list[Source]) -> None:
        kind = "log" if name.startswith("log_data/") else "song"
        self.write(name, records, self.draw(styles()), self.draw(_bad_between(kind)) if self.bad else [])

    def write(self, name: str, records: list[Source], style: Style, bad: list[tuple[int, BadLine]]) -> None:
        self.contents[name] = (records, style, bad)
        self.put(name, packed(name, file_bytes(records, style, bad)))

    def put(self, name: str, data: bytes) -> None:
        """A later version of a file is newer; a new file may be older than what was read before."""
        known = self.ticks.get(name)
        self.ticks[name] = self.draw(st.integers(0, 20)) if known is None else known + self.draw(st.integers(1, 5))
        self.files[name] = Version(name, data, BASE_TIME + self.ticks[name] * 1_000_000)


def _some(draw: st.DrawFn, pool: Sequence[Source]) -> list[Source]:
    """Often more than one and sometimes none; repeats are welcome."""
    return draw(st.lists(st.sampled_from(pool), min_size=draw(st.sampled_from([2, 1, 0])), max_size=6))


@st.composite
def histories(draw: st.DrawFn, *, conflicts: bool = False, bad: bool = False, max_runs: int = 4) -> list[Run]:
    """What lies in the source at each run: files that are new, grown, copied, touched, rewritten, deleted.

    Catalogues come late and songs are corrected; every version of a file is newer than the one before, files
    of other names may be older or of the same second. With `bad`, some records are rejects.
    """
    songs = draw(catalogues(min_size=1))
    known = draw(events(min_size=1, conflicts=conflicts, tracks=songs))
    folder = _Folder(draw, songs, known, bad)
    runs: list[Run] = []
    for _ in range(draw(st.integers(1, max_runs))):
        for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=6)):
            folder.change(change)
        runs.append(dict(folder.files))
    return runs


def batches(history: Sequence[Run]) -> list[list[Version]]:
    """The versions that each run finds new, in the order of batches: time of change, then name."""
    seen: set[Version] = set()
    found: list[list[Version]] = []
    for run in history:
        new = sorted(
            (version for version in run.values() if version not in seen),
            key=lambda version: (version.modified, version.name),
        )
        seen.update(new)
        found.append(new)
    return found


def versions(history: Sequence[Run]) -> list[Version]:
    """Every version that the runs of a history read, in order, for `tests.reference.star`."""
    return [version for batch in batches(history) for version in batch]
