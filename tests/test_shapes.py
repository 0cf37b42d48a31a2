"""Every shape of file that design 4.1 names, on the fast path and off it.

Each file is staged twice, as the loader would and with the exact reader alone, and held against the
reference and against what the case itself says: how many records are good, and which lines are rejects.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import zstandard

from tests.house import EVENT_COLUMNS, Staged, fresh_house, staged_by_reference
from tests.reference import Row, Version, sort_rows, timestamp
from tests.strategies import BAD_LINES

START = 1541990258796
BOM = b"\xef\xbb\xbf"

FIELDS = {
    "artist": '"b"',
    "auth": '"Logged In"',
    "firstName": '"Ada"',
    "gender": '"F"',
    "itemInSession": "0",
    "lastName": '"Byron"',
    "length": "1.5",
    "level": '"free"',
    "location": '"X"',
    "method": '"PUT"',
    "page": '"NextSong"',
    "registration": "1.5e12",
    "sessionId": "7",
    "song": '"a"',
    "status": "200",
    "ts": str(START),
    "userAgent": '"Agent"',
    "userId": '"5"',
}
"""Every field of an event and its JSON text."""


def event(**texts: str) -> bytes:
    """An event on one line, with these JSON texts in place of its own."""
    members = (f'"{name}": {text}' for name, text in (FIELDS | texts).items())
    return ("{" + ", ".join(members) + "}").encode()


def song(song_id: str, **fields: object) -> bytes:
    return json.dumps({"song_id": song_id, "title": "t"} | fields).encode()


A, B, C = (event(ts=str(START + number)) for number in range(3))
PRETTY = json.dumps(json.loads(B), indent=2).encode()


@dataclass(frozen=True)
class Case:
    """A file and what must become of it."""

    about: str
    data: bytes
    good: int = 1
    rejects: tuple[int, ...] = ()
    """The line of each reject."""
    name: str = "log_data/d.json"


def stage_both(folder: Path, versions: list[Version]) -> Staged:
    """What staging holds, the same on the fast path, through the exact reader and by the reference."""
    expected = staged_by_reference(versions)
    for exact in (False, True):
        with fresh_house(folder) as house:
            assert vars(house.stage(versions, exact=exact)) == vars(expected)
    return expected


def check(folder: Path, case: Case, *, exact: bool = True) -> Staged:
    """Without `exact` the case is staged on the fast path only; another test takes all such cases at once."""
    versions = [Version(case.name, case.data, 10**15)]
    if exact:
        staged = stage_both(folder, versions)
    else:
        with fresh_house(folder) as house:
            staged = house.stage(versions)
        assert vars(staged) == vars(staged_by_reference(versions))
    assert_is(case, staged)
    return staged


def assert_is(case: Case, staged: Staged) -> None:
    assert sum(staged.rows.values()) == len(staged.events) + len(staged.songs) == case.good
    assert tuple(line for _, line, _ in staged.rejects) == case.rejects


def check_all(folder: Path, cases: Iterable[Case], *, exact: bool = False) -> list[Staged]:
    """Many cases in one load, each a file of its own; what the reference says of each, which is what it is to be."""
    cases = list(cases)
    alone = [staged_by_reference([Version(case.name, case.data, 10**15)]) for case in cases]
    for case, staged in zip(cases, alone, strict=True):
        assert_is(case, staged)
    versions = [
        Version(case.name.replace("/", f"/{number}/", 1), case.data, 10**15) for number, case in enumerate(cases)
    ]
    with fresh_house(folder) as house:
        staged = house.stage(versions, exact=exact)
    if vars(staged) != vars(staged_by_reference(versions)):
        for case in cases:  # which one?
            check(folder, case, exact=exact)
        assert vars(staged) == vars(staged_by_reference(versions)), "all together, though each alone is right"
    return alone


# --- Separators and encodings ------------------------------------------------------------------------------

LAYOUTS = (
    Case("one a line, no newline at the end", A + b"\n" + B, 2),
    Case("newline at the end", A + b"\n" + B + b"\n", 2),
    Case("CRLF", A + b"\r\n" + B + b"\r\n", 2),
    Case("CR only", A + b"\r" + B, 2),
    Case("blank lines", b"\n\n" + A + b"\n\n \t\n\r\n" + B + b"\n\n", 2),
    Case("indented", b"  " + A + b"\n\t" + B, 2),
    Case("spaces after", A + b"  \n" + B + b"\t\n", 2),
    Case("form feed and vertical tab", A + b"\f\n\v" + B, 2),
    Case("concatenated", A + B + C, 3),
    Case("spaces between", A + b" " + B + b" \t " + C, 3),
    Case("pretty-printed", PRETTY),
    Case("pretty-printed between lines", A + b"\n" + PRETTY + b"\n" + C, 3),
    Case("pretty-printed, glued", PRETTY + PRETTY + A, 3),
    Case("byte order mark", BOM + A + b"\n" + B, 2),
    Case("byte order mark, pretty-printed", BOM + PRETTY),
    Case("byte order mark, nothing else", BOM, 0),
    Case("second byte order mark", BOM + BOM + A + b"\n" + B, 1, (1,)),
    Case("byte order mark in the middle", A + b"\n" + BOM + B + b"\n" + C, 2, (2,)),
    Case("white space only", b" \r\n\t\n", 0),
    Case("NEL is no white space", A + b"\xc2\x85\n" + B, 2, (1,)),
    Case("comma between", A + b",\n" + B, 2, (1,)),
    Case("in an array", b"[" + A + b",\n" + B + b"]", 0, (1,)),
    Case("in an array that is not closed", b"[\n" + A + b"\n" + B, 2, (1,)),
    Case("NUL after a record", A + b"\0\n" + B, 2, (1,)),
    Case("cut off", A + b"\n" + B[:-9], 1, (2,)),
    Case("cut off, then whole", A[:-9] + b"\n" + B, 1, (1,)),
    Case("cut off in a text, then whole", A[:20] + b"\n" + B + b"\n" + C, 2, (1,)),
    Case("record behind garbage in the same line", A[:-9] + A + B + b" " + C, 2, (1,)),
    Case("indented, one broken", b"  " + A[:-9] + b"\n  " + B + b"\n\t" + C, 2, (1,)),
    Case("behind a brace and white space", A + b" oops} \n " + B + b"}\f" + C, 3, (1, 2)),
    Case("behind a brace in a text", b'{"x": "}{}' + A, 1, (1, 1)),
    Case("number and record", b"-1.5e3 " + A, 1, (1,)),
    Case("number that goes on as no number", b"01 " + A + b"\n-1.5e" + B + b"\n" + C, 2, (1, 1, 2, 2)),
)


@pytest.mark.parametrize("case", LAYOUTS, ids=lambda case: case.about)
def test_layout_of_records(folder: Path, case: Case) -> None:
    check(folder, case, exact=False)


# --- Compression -----------------------------------------------------------------------------------------

LINES = A + b"\n" + B + b"\n"


def members(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


def frames(*parts: bytes) -> bytes:
    return b"".join(zstandard.compress(part) for part in parts)


GZ, ZST = "log_data/d.json.gz", "log_data/d.jsonl.zst"
HALF = len(LINES) // 2
SOME = b"\n".join(event(ts=str(START + number), sessionId=str(number * 7919 % 1000)) for number in range(3000))


def wide(data: bytes) -> bytes:
    """As `zstd --long=31` writes what comes through a pipe: the largest window, and no word of how little there is."""
    widest = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=widest).compressobj()
    return compressor.compress(data) + compressor.flush()


STREAMED = zstandard.ZstdCompressor().compressobj()
WITHOUT_SIZE = STREAMED.compress(LINES) + STREAMED.flush()
COMPRESSED = (
    Case("gzip", members(LINES), 2, name=GZ),
    Case("gzip of ndjson", members(LINES), 2, name="log_data/d.ndjson.gz"),
    Case("gzip in two members", members(LINES[:HALF], LINES[HALF:]), 2, name=GZ),
    Case("gzip with an empty member", members(b"", LINES, b""), 2, name=GZ),
    Case("gzip padded with zeros", members(LINES) + b"\0\0\0", 2, name=GZ),
    Case("gzip with a byte order mark", members(BOM + LINES), 2, name=GZ),
    Case("gzip with a byte order mark cut in two", members(BOM[:1], BOM[1:] + LINES), 2, name=GZ),
    Case("gzip, mark cut, exact reader", members(BOM[:1], BOM[1:] + PRETTY), 1, name=GZ),
    Case("gzip of a character cut in two", members(event(song='"é"')[:-60], event(song='"é"')[-60:]), name=GZ),
    Case("gzip of nothing", members(b""), 0, name=GZ),
    Case("gzip, pretty-printed", members(PRETTY), name=GZ),
    Case("gzip without its end", members(LINES)[:-8], 2, (3,), name=GZ),
    Case("gzip with a wrong checksum", members(LINES)[:-8] + b"12345678", 2, (3,), name=GZ),
    Case("gzip, cut off in the second member", members(LINES) + members(C)[:5], 2, (3,), name=GZ),
    Case("gzip followed by text", members(LINES) + b"text", 2, (3,), name=GZ),
    Case("gzip with a bad record", members(A + b"\nnull\n" + B), 2, (2,), name=GZ),
    Case("zstandard", frames(LINES), 2, name=ZST),
    Case("zstandard without its size", WITHOUT_SIZE, 2, name=ZST),
    Case("zstandard in two frames", frames(LINES[:HALF], LINES[HALF:]), 2, name=ZST),
    Case("zstandard with an empty frame", frames(b"", LINES, b""), 2, name=ZST),
    Case("zstandard, mark cut in two", frames(BOM[:2], BOM[2:] + PRETTY), 1, name=ZST),
    Case("zstandard of nothing", frames(b""), 0, name=ZST),
    Case("zstandard, cut off in the second frame", frames(LINES) + frames(C)[:5], 2, (3,), name=ZST),
    Case("zstandard of a wide window", wide(LINES), 2, name=ZST),
    Case("gzip, cut in the middle", members(SOME)[:9000], 1292, (1293,), name=GZ),
    Case("zstandard, cut in the middle", frames(SOME)[:5000], 1603, (1604,), name=ZST),
)


@pytest.mark.parametrize("case", COMPRESSED, ids=lambda case: case.about)
def test_compressed_file(folder: Path, case: Case) -> None:
    check(folder, case, exact=False)


@pytest.mark.parametrize("exact", [False, True], ids=["as it comes", "exact"])
def test_layouts_and_compressed_files_beside_each_other(folder: Path, exact: bool) -> None:
    check_all(folder, (*LAYOUTS, *COMPRESSED), exact=exact)


def test_a_file_of_no_bytes_is_no_data(folder: Path) -> None:
    with fresh_house(folder) as house:
        house.put(Version("log_data/d.json", b"", 1), Version("log_data/d.json.gz", b"", 1))
        assert (house.load().discovered, house.content().files) == (0, {})


# --- Values ------------------------------------------------------------------------------------------------

DATE = datetime(2018, 11, 12, 2, 37, 38, 796_000)
VALUES = (
    ("artist", "702", "702"),
    ("artist", "1.10", "1.10"),
    ("artist", "-0", "-0"),
    ("artist", "1E5", "1E5"),
    ("artist", "123456789012345678901234567890", "123456789012345678901234567890"),
    ("artist", "-9223372036854775809", "-9223372036854775809"),
    ("artist", "true", "true"),
    ("artist", "null", None),
    ("artist", '""', ""),
    ("artist", '"1.10"', "1.10"),
    ("artist", '"null"', "null"),
    ("artist", '{"a":  1.10}', '{"a":  1.10}'),
    ("artist", '[1, "é"]', '[1, "é"]'),
    ("artist", '"\\u00e9\\/\\ud83c\\udfb5"', "é/🎵"),
    ("artist", '"\\\\u0000"', "\\u0000"),
    ("artist", '"x\\": 1"', 'x": 1'),
    ("artist", '"' + "x" * 1024 + '"', "x" * 1024),
    ("artist", '"' + "é" * 512 + '"', "é" * 512),
    ("page", "1.10", "1.10"),
    ("page", '" "', " "),
    ("userId", "5", 5),
    ("userId", '""', None),
    ("userId", "5.0", 5),
    ("userId", "50e-1", 5),
    ("userId", '"5.0"', 5),
    ("userId", "-2147483648", -(2**31)),
    ("userId", "2147483647.000", 2**31 - 1),
    ("userId", "1.84E2", 184),
    ("userId", "7" + "0" * 30 + "e-30", 7),
    ("userId", "0e99999999999999999999", 0),
    ("userId", "-0.0", 0),
    ("length", "9007199254740993", 9007199254740992.0),
    ("length", '"1.5E+0"', 1.5),
    ("length", "4.9e-324", 5e-324),
    ("length", "1e-999", 0.0),
    ("length", '""', None),
    ("ts", f'"{START}"', DATE),
    ("ts", f"{START}.0", DATE),
    ("ts", "1.541990258796e12", DATE),
    ("ts", "-1", datetime(1969, 12, 31, 23, 59, 59, 999_000)),
    ("ts", "-210866803200000", "4714-11-24 (BC) 00:00:00"),
)
REFUSED = (
    *(("artist", '"' + "x" * 1025 + '"'), ("artist", '"' + "é" * 512 + 'x"'), ("artist", "1" * 1025)),
    *(("auth", '"' + "x" * 257 + '"'), ("userAgent", '"' + "x" * 4097 + '"')),
    *(("artist", '"\\u0000"'), ("artist", '"\\ud800"'), ("artist", '"\\udc00\\ud800"'), ("userId", '"\\u0000"')),
    # An object or array loads as its text, in which an escape stands for a character that no text may hold.
    *(
        ("artist", '["\\u0000"]'),
        ("artist", '{"\\ud800": 1}'),
        ("extra", "NaN"),
        ("extra", "nan"),
        ("extra", "01"),
        ("extra", '{"a": 1,}'),
    ),
    *(("length", "NaN"), ("length", "Infinity"), ("length", "-Infinity"), ("length", "-inf"), ("length", "1e400")),
    *(("length", '"NaN"'), ("length", "true"), ("length", "[1]"), ("length", '" 1"'), ("length", '"1_0"')),
    *(("userId", "1.5"), ("userId", '"1.5"'), ("userId", "true"), ("userId", '" "'), ("userId", '"05"')),
    *(("userId", "2147483648"), ("userId", '"-2147483649"'), ("userId", "1e10"), ("userId", "{}")),
    *(("ts", "null"), ("ts", '""'), ("ts", "1.5"), ("ts", '"2018-11-12"'), ("ts", "true")),
    *(("userId", "7.00000000000000000001"), ("userId", "2147483647.0000000001"), ("userId", "1e-400")),
    *(("userId", "1e999999999"), ("userId", "1e-99999999999999999999"), ("userId", "9" * 5000), ("userId", '"007"')),
    *(("userId", '"+7"'), ("userId", '"7."'), ("userId", '" 7 "'), ("ts", "1541121934796.0001")),
    *(("ts", "-210866803200001"), ("ts", "-999999999999999"), ("ts", "9223372036854776"), ("ts", "1e16")),
    *(("page", "null"), ("page", '""')),
)


DEEP = b"[" * 1000
"""What nests as deep as that has a test of its own."""
BAD_RECORDS = (
    *(A[:-1] + b",}", A.replace(b'"b"', b'"\xff"'), A.replace(b'"b"', b'"\xed\xa0\x80"')),
    *(A.replace(b'"b"', b'"a\tb"'), A.replace(b'"b"', b"'b'"), A.replace(b'"artist"', b"artist")),
    *(A.replace(b'"artist"', b'"\xff"'), A.replace(b":", b"", 1), b"null", b"42", b"[]", b'"text"', b"{}"),
    *(b"<html>", b"[" * 200 + b"]" * 200, b'"\xff"'),
)


def test_values_that_fit_their_column(folder: Path) -> None:
    lines = [A + b"\n" + event(**{"ts": str(START + 9)} | {field: text}) for field, text, _ in VALUES]
    found = check_all(folder, (Case("value", data, 2) for data in lines))
    for (field, text, value), staged in zip(VALUES, found, strict=True):
        column = "".join(f"_{char.lower()}" if char.isupper() else char for char in field)
        assert value in [row[EVENT_COLUMNS.index(column)] for row in staged.events], (field, text)


def test_values_that_do_not_fit_their_column(folder: Path) -> None:
    lines = (A + b"\n" + event(**{field: text}) + b"\n" + C for field, text in REFUSED)
    check_all(folder, (Case("value", data, 2, (2,)) for data in lines))


def test_records_that_are_rejected(folder: Path) -> None:
    lines = (B + b"\n\n" + record + b"\n" + C for record in BAD_RECORDS)
    check_all(folder, (Case("record", data, 2, (3,)) for data in lines))


def test_the_exact_reader_judges_every_value_and_record_alike(folder: Path) -> None:
    data = [event(**{field: text}) for field, text, _ in VALUES]
    data += [event(**{field: text}) for field, text in REFUSED]
    data += [*BAD_RECORDS, *(record for record, _, _ in NAMES.values())]
    data += [line.source for line in BAD_LINES["log"] if DEEP not in line.source]
    files = [Version(f"log_data/{number}.json", text + b"\n" + C, 1) for number, text in enumerate(data)]
    with fresh_house(folder) as house:
        assert vars(house.stage(files, exact=True)) == vars(staged_by_reference(files))


@pytest.mark.parametrize("kind", ["log", "song"])
def test_every_kind_of_reject_in_one_file(folder: Path, kind: str) -> None:
    """Lines that a good one follows, so that none hides another."""
    good = A if kind == "log" else song("S1")
    data = b"\n".join(line.source + b"\n" + good for line in BAD_LINES[kind] if DEEP not in line.source)
    files = [Version(f"{kind}_data/d.json", data, 1)]
    with fresh_house(folder) as house:
        assert vars(house.stage(files)) == vars(staged_by_reference(files))


@pytest.mark.parametrize("depth", [10, 300, 3000, 100_000])
def test_nesting_of_any_depth_loses_no_record_after_it(folder: Path, depth: int) -> None:
    """A whole value that is no object is one reject, however deep; a field that nobody asked for is none."""
    deep = b"[" * depth + b"]" * depth
    check(folder, Case("value", A + b"\n" + deep + b" " + B, 2, (2,)))
    check(folder, Case("field", event(extra=deep.decode()) + B, 2))


# --- Field names -------------------------------------------------------------------------------------------

NAMES: dict[str, tuple[bytes, str, object]] = {
    "lower case": (A.replace(b'"firstName"', b'"firstname"'), "first_name", "Ada"),
    "upper case": (A.replace(b'"userId"', b'"USERID"'), "user_id", 5),
    "exact before any case": (event(USERID="6", userid="7"), "user_id", 5),
    "exact NULL before any case": (event(userId="null", USERID="6"), "user_id", None),
    "case changed, another field missing": (
        A.replace(b'"userId"', b'"USERID"').replace(b'"auth": "Logged In", ', b'"x": null, '),
        "user_id",
        5,
    ),
    "escaped": (A.replace(b'"song"', b'"s\\u006fng"'), "song", "a"),
    "missing": (A.replace(b'"auth": "Logged In", ', b""), "auth", None),
    "unknown": (event(extra='"x"'), "song", "a"),
    "unknown with U+0000": (event(extra='"\\u0000"'), "song", "a"),
    "unknown with half a surrogate": (event(extra='["\\ud800"]'), "song", "a"),
    "unknown, of a name with both": (event(**{"\\u0000\\udc00": "{}"}), "song", "a"),
    "overruled with U+0000": (b'{"song": "\\u0000", ' + A[1:], "song", "a"),
    "in two cases and again": (b'{"userid": 6, "USERID": 7, "userid": 8, "ts": 1, "page": "NextSong"}', "user_id", 8),
    "unknown, without a name": (event(**{"": "1"}), "song", "a"),
    "unknown and nested": (event(extra='{"song": "no", "page": [{}]}'), "song", "a"),
    "nested before": (b'{"extra": {"song": "no", "ts": 1}, ' + A[1:], "song", "a"),
    "shuffled": (b'{"song": "z", "ts": 1, "userId": 6, "page": "NextSong"}', "song", "z"),
    "duplicate, the last wins": (b'{"song": "no", ' + A[1:], "song", "a"),
    "duplicate of another type": (b'{"userId": {}, ' + A[1:], "user_id", 5),
    "duplicate, the last is NULL": (A[:-1] + b', "song": null}', "song", None),
    "duplicate and another missing": (
        b'{"song": "no", ' + A[1:].replace(b'"auth": "Logged In", ', b""),
        "song",
        "a",
    ),
    "duplicate of an unknown field": (event(extra="1")[:-1] + b', "extra": 2}', "song", "a"),
    "duplicate in another case": (b'{"userid": 6, "USERID": 7, "ts": 1, "page": "NextSong"}', "user_id", 7),
}


@pytest.mark.parametrize("second", [False, True], ids=["alone", "after another"])
def test_field_names(folder: Path, second: bool) -> None:
    before = B.replace(b'"a"', b'"other"') + b"\n" if second else b""
    cases = (Case(about, before + record, 1 + second) for about, (record, _, _) in NAMES.items())
    for (about, (_, column, value)), staged in zip(NAMES.items(), check_all(folder, cases), strict=True):
        [row] = [row for row in staged.events if row[EVENT_COLUMNS.index("song")] != "other"]
        assert row[EVENT_COLUMNS.index(column)] == value, about


# --- JSONPaths ---------------------------------------------------------------------------------------------

PUBLIC_PATHS = [f"$['{name}']" for name in FIELDS]


def stage_by_paths(folder: Path, paths: list[str], data: bytes, *, exact: bool) -> Staged:
    with fresh_house(folder) as house:
        mapping = house.root / "paths.json"
        mapping.write_text(json.dumps({"jsonpaths": paths}))
        files = [Version("log_data/d.json", data, 1), Version("song_data/a.json", song("S1"), 1)]
        return house.stage(files, exact=exact, jsonpaths=mapping)


@pytest.mark.parametrize("exact", [False, True], ids=["fast", "exact"])
@pytest.mark.parametrize("paths", [PUBLIC_PATHS, [f"$.{name}" for name in FIELDS]], ids=["brackets", "dots"])
def test_jsonpaths_of_the_public_names_change_nothing(folder: Path, paths: list[str], exact: bool) -> None:
    data = A + b"\n" + event(song="1.10", userId='""') + b"\n" + C
    expected = staged_by_reference([Version("log_data/d.json", data, 1), Version("song_data/a.json", song("S1"), 1)])
    assert vars(stage_by_paths(folder, paths, data, exact=exact)) == vars(expected)


def mapped(**paths: str) -> list[str]:
    """The public paths, but for the fields named."""
    return [paths.get(name, f"$['{name}']") for name in FIELDS]


NESTED = b'{"ts": 1, "page": "NextSong", "who": {"name": "Bo", "ids": [6, 7]}, "song": {"a":  [1.10]}, "x.y": 2}'
BY_PATHS: dict[str, tuple[list[str], bytes, str, object]] = {
    "swapped columns": (mapped(artist="$['song']", song="$['artist']"), A, "song", "b"),
    "one field for two columns": (mapped(artist="$['song']"), A, "artist", "a"),
    "nested": (mapped(firstName="$['who']['name']"), NESTED, "first_name", "Bo"),
    "index": (mapped(userId="$['who']['ids'][1]"), NESTED, "user_id", 7),
    "index beyond the end": (mapped(userId="$['who']['ids'][9]"), NESTED, "user_id", None),
    "nested in text": (mapped(firstName="$['song']['a']"), NESTED, "first_name", "[1.10]"),
    "number nested in text": (mapped(firstName="$['song']['a'][0]"), NESTED, "first_name", "1.10"),
    "through a text": (mapped(firstName="$['page']['name']"), NESTED, "first_name", None),
    "key with a dot": (mapped(userId="$['x.y']"), NESTED, "user_id", 2),
    "another name": (mapped(userId="$['uid']"), A[:-1] + b', "uid": 8}', "user_id", 8),
    "names are matched as they are written": (mapped(userId="$['USERID']"), A, "user_id", None),
    "names that differ in case": (
        mapped(userId="$['UID']", sessionId="$['uid']"),
        A[:-1] + b', "uid": 8, "UID": 9}',
        "user_id",
        9,
    ),
    "name with quotes": (mapped(userId="$['a\"b']"), A[:-1] + b', "a\\"b": 8}', "user_id", 8),
    "duplicate, the last wins": (PUBLIC_PATHS, b'{"song": "no", ' + A[1:], "song", "a"),
}


@pytest.mark.parametrize("exact", [False, True], ids=["fast", "exact"])
@pytest.mark.parametrize("about", BY_PATHS)
def test_jsonpaths(folder: Path, about: str, exact: bool) -> None:
    paths, data, column, value = BY_PATHS[about]
    staged = stage_by_paths(folder, paths, data, exact=exact)
    assert [row[EVENT_COLUMNS.index(column)] for row in staged.events] == [value]
    assert (staged.rejects, len(staged.songs)) == ([], 1)


def test_a_jsonpaths_file_or_manifest_is_not_data(folder: Path) -> None:
    sidecars = {
        "paths.json": {"jsonpaths": PUBLIC_PATHS},
        "copy.json": {"entries": [{"url": "s3://bucket/key", "mandatory": True}]},
        "unload.json": {
            "entries": [{"url": "s3://bucket/key"}],
            "schema": {"elements": []},
            "meta": {"record_count": 1},
            "author": {"name": "Amazon Redshift"},
        },
    }
    with fresh_house(folder) as house:
        for name, content in sidecars.items():
            for text in (json.dumps(content), json.dumps(content, indent=1)):
                house.put(Version(f"log_data/{len(text)}-{name}", text.encode(), 1))
        house.put(Version("log_data/d.json", A, 1))
        report = house.load()
    assert (report.rejected, report.rows["staging_events"]) == (0, 1)


def test_a_line_like_a_jsonpaths_file_among_events_is_a_bad_record(folder: Path) -> None:
    for line in (b'{"jsonpaths": []}', b'{"entries": []}'):
        check(folder, Case("first", line + b"\n" + A, 1, (1,)))
        check(folder, Case("second", A + b"\n" + line, 1, (2,)))


# --- File names --------------------------------------------------------------------------------------------

FILE_NAMES = (
    *("it's", 'say "x"', "a [1]", "a[b]c", "{a,b}", "*", "a?b", "**", "a b", " a", "é", "e\u0301", "%20", "a;b--"),
    *("a\\b", "a\nb", "$x", "~", "#", "a=b", "year=2018/a", "a&b", "s3:", "c.json", "-"),
)


FILLING = json.dumps("x" * 40_000)
"""A value of an unknown field, for files that are large by few records."""


def test_any_file_name_will_do(folder: Path) -> None:
    """For a small, a large and a compressed file; none of them is read for its neighbour."""
    data = {"log_data/x/a.json": event(ts="5")}
    for stem in FILE_NAMES:
        place = json.dumps(stem)
        large = b"\n".join(event(ts=str(START + number), location=place, extra=FILLING) for number in range(15))
        data |= {
            f"log_data/{stem}.json": event(ts="6", location=place),
            f"log_data/{stem} large.json": large,
            f"log_data/{stem}.json.gz": gzip.compress(event(ts="7", location=place), mtime=0),
            f"song_data/{stem}/a.json": song("S1", artist_location=stem),
        }
    files = [Version(name, content, 10**15) for name, content in data.items()]
    with fresh_house(folder) as house:
        assert vars(house.stage(files)) == vars(staged_by_reference(files))


@pytest.mark.parametrize("folder_name", ["it's", "a [1]", "{a,b}", "*", 'a"b', "a b", "é"])
def test_the_warehouse_may_lie_in_any_folder(folder: Path, folder_name: str) -> None:
    with fresh_house(folder) as outer:
        files = [Version("log_data/d.json", A + b"\n" + PRETTY, 1), Version("song_data/a.json", song("S1"), 1)]
        outer.warehouse_path = outer.root / folder_name / "warehouse.duckdb"
        outer.warehouse_path.parent.mkdir()
        assert vars(outer.stage(files)) == vars(staged_by_reference(files))


# --- Large files, many files ---------------------------------------------------------------------------------


LARGE = 5000


def large_file(middle: bytes) -> tuple[bytes, int]:
    """About 1.5 MiB of events with something in the middle, and the line where that is."""
    lines = [event(ts=str(number)) for number in range(LARGE)]
    place = LARGE // 2
    data = b"\n".join([*lines[:place], middle, *lines[place:]])
    assert len(data) > 1 << 20
    return data, place + 1


def check_large(staged: Staged, name: str, about: str, line: int) -> None:
    middle, good, bad = ODDITIES[about]
    assert staged.rows == {name: LARGE + good}
    assert [each[:2] for each in staged.rejects] == ([(name, line)] if bad else [])
    [uniform] = staged_by_reference([Version("log_data/one.json", event(ts="0"), 1)]).events
    odd = [] if bad else staged_by_reference([Version("log_data/odd.json", middle, 1)]).events
    expected = [(*uniform[:15], timestamp(number), *uniform[16:]) for number in range(LARGE)]
    assert staged.events == sort_rows([*expected, *odd])


ODDITIES: dict[str, tuple[bytes, int, bool]] = {
    "nothing": (A, 1, False),
    "blank lines": (b"\n  \n\r\n", 0, False),
    "CRLF": (A + b"\r", 1, False),
    "number in a text field": (event(artist="702"), 1, False),
    "number that the engine would rewrite": (event(artist="1.10"), 1, False),
    "nested field": (event(extra='{"ts": [1]}'), 1, False),
    "missing field": (A.replace(b'"auth": "Logged In", ', b""), 1, False),
    "field in another case": (A.replace(b'"userId"', b'"USERID"'), 1, False),
    "duplicate field": (b'{"song": "no", ' + A[1:], 1, False),
    "two on a line": (A + B, 2, False),
    "pretty-printed": (PRETTY, 1, False),
    "text of the widest": (event(userAgent='"' + "x" * 4096 + '"'), 1, False),
    "text too long": (event(userAgent='"' + "x" * 4097 + '"'), 0, True),
    "fraction": (event(userId="1.5"), 0, True),
    "boolean in a number": (event(status="true"), 0, True),
    "NaN": (event(length="NaN"), 0, True),
    "before 4713 BC": (event(ts="-999999999999999"), 0, True),
    "trailing comma": (A[:-1] + b",}", 0, True),
    "U+0000": (event(song='"\\u0000"'), 0, True),
    "lone surrogate": (event(song='"\\ud800"'), 0, True),
    "invalid UTF-8": (A.replace(b'"b"', b'"\xff"'), 0, True),
    "null": (b"null", 0, True),
    "array of events": (b"[" + A + b"]", 0, True),
    "garbage": (b"<html>", 0, True),
    "not closed": (A[:-1], 0, True),
    "without ts": (event(ts="null"), 0, True),
    "byte order mark": (BOM + A, 0, True),
    "NUL": (b"\0", 0, True),
}


@pytest.mark.parametrize("about", ODDITIES)
def test_one_oddity_in_the_middle_of_a_large_file(folder: Path, about: str) -> None:
    data, line = large_file(ODDITIES[about][0])
    with fresh_house(folder) as house:
        staged = house.stage([Version("log_data/large.json", data, 1)])
    check_large(staged, "log_data/large.json", about, line)


@pytest.mark.parametrize("ending", ["json.gz", "json.zst"])
@pytest.mark.parametrize("about", ["nothing", "pretty-printed", "NaN", "field in another case"])
def test_one_oddity_in_the_middle_of_a_large_compressed_file(folder: Path, about: str, ending: str) -> None:
    data, line = large_file(ODDITIES[about][0])
    name = f"log_data/large.{ending}"
    packed = gzip.compress(data, 1) if ending.endswith("gz") else zstandard.compress(data)
    with fresh_house(folder) as house:
        staged = house.stage([Version(name, packed, 1)])
    check_large(staged, name, about, line)


def test_thousands_of_tiny_song_files_keep_their_names(folder: Path) -> None:
    """Good, odd and bad ones in turn: each song knows its file and its place in it."""
    files: list[Version] = []
    expected: list[Row] = []
    bad: list[tuple[str, int]] = []
    for number in range(3000):
        name = f"song_data/{number % 7}/{number % 11}/{number:04}.json"
        one, two = song(f"S{number}"), song(f"T{number}", year=1.0)
        content = [one, one + b"\n" + two, BOM + one, b"\n\n" + one + two, one + b"\n", b" null\n" + one][number % 6]
        files.append(Version(name, content, 10**15 + number % 5))
        expected.append((name, 1, f"S{number}"))
        if number % 6 in {1, 3}:
            expected.append((name, 2, f"T{number}"))
        if number % 6 == 5:
            bad.append((name, 1))
    with fresh_house(folder) as house:
        house.put(*files)
        report = house.load(max_errors=500)
        rows = house.query("select url, record, song_id from etl_songs")
        rejects = house.content().rejects
        assert sorted((house.name(row[0]), *row[1:]) for row in rows) == sorted(expected)
        assert [each[:2] for each in rejects] == sorted(bad)
    assert report.rows["songs"] == len(expected) == 4000


def test_plain_tiny_song_files_keep_their_names_on_the_fast_path(folder: Path) -> None:
    files = [Version(f"song_data/{number % 50}/{number}.json", song(f"S{number}"), 1) for number in range(3000)]
    with fresh_house(folder) as house:
        house.put(*files)
        house.load()
        rows = house.query("select url, record, song_id from etl_songs")
        found = {(house.name(row[0]), row[1], row[2]) for row in rows}
    assert found == {(f"song_data/{number % 50}/{number}.json", 1, f"S{number}") for number in range(3000)}
