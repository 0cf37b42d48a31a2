"""The reference implementation against cases worked out by hand, and the strategies against the reference."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tests.reference import (
    Bad,
    Cell,
    Misfit,
    Record,
    Rejected,
    Star,
    Version,
    is_read,
    normalise,
    parse,
    r6_time,
    read,
    sort_rows,
    stage_event,
    stage_song,
    star,
    star_of_batches,
    timestamp,
    whole,
)
from tests.strategies import BAD_LINES, BadLine, Run, Source, twice

MONDAY = 1541990258796
MONDAY_START = datetime(2018, 11, 12, 2, 37, 38, 796000)


def event(**fields: object) -> dict[str, object]:
    """A play of one user; a test names what matters to it."""
    return {"ts": MONDAY, "page": "NextSong", "userId": "5", "sessionId": 7, "level": "free"} | fields


def song(song_id: str, **fields: object) -> dict[str, object]:
    return {
        "song_id": song_id,
        "artist_id": "AR1",
        "artist_name": "Band",
        "title": "Song",
        "duration": 100.0,
    } | fields


def lines(*records: dict[str, object]) -> bytes:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def logs(*records: dict[str, object], name: str = "log_data/d.json", modified: int = 1) -> Version:
    return Version(name, lines(*records), modified)


def songs(*records: dict[str, object], name: str = "song_data/a.json", modified: int = 1) -> Version:
    return Version(name, lines(*records), modified)


def staged(data: bytes) -> list[tuple[int, str]]:
    """Line and class of each item, `ok` for an object."""
    return [(item.line, item.reason_class if isinstance(item, Bad) else "ok") for item in parse(data)]


def found(catalogue: Version, play: dict[str, object], match: str = "resolve") -> tuple[object, ...]:
    """Match, song and artist of one play."""
    (resolution,) = star([catalogue, logs(play)], match=match).tracks.values()
    return resolution.match, resolution.song_id, resolution.artist_id


# --- Files and JSON ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log_data/2018/11/d.json", True),
        ("song_data/A/B/C/T.json", True),
        ("log_data/d.jsonl.gz", True),
        ("log_data/d.ndjson.zst", True),
        ("log_data/d.json.bz2", False),
        ("log_data/d.csv", False),
        ("log_data/.d.json", False),
        ("log_data/_2018/11/d.json", False),
        ("log_data/.ipynb_checkpoints/d.json", False),
        ("song_data_old/a.json", False),
        ("log_data", False),
    ],
)
def test_names_that_are_read(name: str, expected: bool) -> None:
    assert is_read(name) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b" \t\r\n\f\v\n", []),
        (b"\xef\xbb\xbf{}", [(1, "ok")]),
        (b'\n\n{"a":\n{"b": 1}}\n{}', [(3, "ok"), (5, "ok")]),
        (b"{}{}\r\n{} {}\f\v{}", [(1, "ok"), (1, "ok"), (2, "ok"), (2, "ok"), (2, "ok")]),
        (
            b"null\n[1,\n2] 42\n{}",
            [(1, "not-an-object"), (2, "not-an-object"), (3, "not-an-object"), (4, "ok")],
        ),
        # A value ends where JSON says so, whatever follows.
        (b"01", [(1, "not-an-object"), (1, "not-an-object")]),
        (b"-1.5e\n3 {}", [(1, "not-an-object"), (1, "malformed")]),
        (b"5e3 {}truenull", [(1, "not-an-object"), (1, "ok"), (1, "not-an-object"), (1, "not-an-object")]),
        # Skipping begins where the bad text begins: a record after a broken one is never lost.
        (b'{"a":\n{"b": 1}\n{}', [(1, "malformed"), (2, "ok"), (3, "ok")]),
        (b'{"a": "x\n{}', [(1, "malformed"), (2, "ok")]),
        (b"[\n{}\n{}\n", [(1, "malformed"), (2, "ok"), (3, "ok")]),
        # It ends at a brace at the beginning of a line or behind a closing one, white space aside, and nowhere else.
        (b"oops {}\n {}\n\n<html>\r\n \t\f\v {}", [(1, "malformed"), (2, "ok"), (4, "malformed"), (5, "ok")]),
        (b"x{} \t{}{}", [(1, "malformed"), (1, "ok"), (1, "ok")]),
        (b'{}{"a": {"b": {} {"c": 1}{}', [(1, "ok"), (1, "malformed"), (1, "ok"), (1, "ok")]),
        (b"}\n\n{}", [(1, "malformed"), (3, "ok")]),
        (b'{"a": "}{}', [(1, "malformed"), (1, "ok")]),
        (b"{} , {}\n{}", [(1, "ok"), (1, "malformed"), (2, "ok")]),
        (b"{} , {}{}", [(1, "ok"), (1, "malformed"), (1, "ok")]),
        (b"x\r{}\n{}", [(1, "malformed"), (2, "ok")]),
        (b"x\xc2\x85{}\n\0{}\n{}", [(1, "malformed"), (3, "ok")]),
        (b"{}\n\xef\xbb\xbf{}\n", [(1, "ok"), (2, "malformed")]),
        # What is wrong inside a whole value concerns that value only.
        (
            b'{"a": "\xff"}{"a": "\\ud83d\\ude00"}{"\\ud83d": 1}{"\xc3": 1}',
            [(1, "encoding"), (1, "ok"), (1, "ok"), (1, "encoding")],
        ),
    ],
)
def test_what_one_record_is(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert staged(data) == expected


@pytest.mark.parametrize("depth", [10, 100_000])
def test_nesting_of_any_depth(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    assert staged(nested + b'{"a": ' + nested + b"}") == [(1, "not-an-object"), (1, "ok")]


@pytest.mark.parametrize(
    ("kind", "bad"),
    [(kind, bad) for kind, all_bad in BAD_LINES.items() for bad in all_bad],
    ids=lambda part: part if isinstance(part, str) else part.reason_class,
)
def test_each_bad_line_is_one_reject(kind: str, bad: BadLine) -> None:
    good = lines(event() if kind == "log" else song("S1"))
    name = f"{kind}_data/a.json"
    for data, line in ((good + b"\n\n" + bad.source + b"\r\n" + good, 3), (b"\n" + bad.source, 2)):
        result = star([Version(name, data, 1)])
        assert result.rejects == [Rejected(name, line, bad.reason_class)]
        (count,) = result.files
        assert (count.staged, count.rejected) == (data.count(good), 1)


def test_a_jsonpaths_file_or_manifest_is_not_data() -> None:
    versions = [
        Version("log_data/paths.json", b'{"jsonpaths": ["$[\'ts\']"]}', 1),
        Version("log_data/manifest.json", b'{"entries": [{"url": "s3://b/k", "mandatory": true}]}', 1),
    ]
    assert star(versions).files == []


GOOD = b'{"ts": 1, "page": "Home"}\n'


def packed(data: bytes) -> bytes:
    """Compressed without the time of day, which stands in the names of tests."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *(
            ("d.json", ('{"ts": 1, "page": "Home"}\n' * 3).encode(name))
            for name in ("utf-16", "utf-16-le", "utf-16-be")
        ),
        *(
            ("d.json", ('{"ts": 1, "page": "Home"}\n' * 3).encode(name))
            for name in ("utf-32", "utf-32-le", "utf-32-be")
        ),
        ("d.json", packed(GOOD)),
        ("d.json", zstandard.compress(GOOD)),
        ("d.json.zst", packed(GOOD)),
        ("d.json.gz", GOOD),
        ("d.json.zst", GOOD),
        ("d.json.gz", packed(packed(GOOD))),
        ("d.json.gz", packed(b"")[:-8]),
        ("d.json.gz", b"\x1f\x8b\x07" + packed(GOOD)[3:]),
        ("d.json.zst", zstandard.compress(GOOD)[:5]),
        ("d.json", b"<!DOCTYPE html>\n<html></html>"),
        ("d.json", b"\n <HTML lang=en>"),
        ("d.json", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
    ],
)
def test_what_is_no_data_file_is_unreadable(name: str, data: bytes) -> None:
    result = star([Version(f"log_data/{name}", data, 1), logs(event())])
    assert result.unreadable == [f"log_data/{name}"]
    assert (len(result.songplays), result.rejects, len(result.files)) == (1, [], 1)


@pytest.mark.parametrize(
    ("name", "data", "read"),
    [
        ("d.json", b"", 0),
        ("d.json", b" \n", 0),
        ("d.json.gz", packed(b""), 0),
        ("d.json", b"null", 1),
        ("d.json", b"[%b]" % GOOD, 1),
        ("d.json", b"oops", 1),
        ("d.json", b"<html>\n" + GOOD, 2),
        ("d.json", b'{"\xff": 1}', 1),
        ("d.json", b'{"Records": [%b]}' % GOOD, 1),
        ("d.json.gz", packed(GOOD)[:-1], 2),
    ],
)
def test_what_holds_an_object_or_is_merely_no_json_is_readable(name: str, data: bytes, read: int) -> None:
    result = star([Version(f"log_data/{name}", data, 1)])
    assert (result.unreadable, result.files[0].read) == ([], read)


def test_zst_made_with_a_long_window_is_whole() -> None:
    widest = zstandard.ZstdCompressionParameters.from_level(3, window_log=31, enable_ldm=True, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=widest).compressobj()
    packed = packer.compress(GOOD) + packer.flush()
    result = star([Version("log_data/d.json.zst", packed, 1)])
    assert (result.rejects, result.files[0].staged) == ([], 1)


@pytest.mark.parametrize("unit", [b'{"a":\n', b'{"a":}', b'{"a":[1,\n {"b":"\n', b"x\n\n{", b"[}{", b'{"}{":\n'])
def test_parsing_takes_time_in_proportion_to_the_bytes(unit: bytes) -> None:
    """Twenty times more than a fuzzed file: what grows with the square would take minutes."""
    parse(unit * 20_000)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize(
    ("plain", "rejects"),
    [
        (lines(event(), event(ts=1)) + b"\n", [(3, "corrupt")]),
        (lines(event(), event(ts=1)) + b'\n\n{"ts": 2, "pa', [(4, "corrupt")]),
        (b"42\n" + lines(event(), event(ts=1)), [(1, "not-an-object"), (3, "corrupt")]),
    ],
)
def test_of_a_truncated_file_the_readable_part_counts(
    suffix: str, plain: bytes, rejects: list[tuple[int, str]]
) -> None:
    stored = gzip.compress(plain)[:-8] if suffix == ".gz" else zstandard.compress(plain)
    if suffix == ".zst":  # a whole frame, then one that breaks off
        stored += zstandard.compress(b"lost")[:5]
    result = star([Version("log_data/d.json" + suffix, stored, 1)])
    assert [(reject.line, reject.reason_class) for reject in result.rejects] == rejects
    assert len(result.songplays) == plain.count(b"NextSong")


def test_a_damaged_gzip_file_keeps_what_precedes_the_damage() -> None:
    whole = gzip.compress(lines(event()), mtime=0)
    result = star([Version("log_data/d.json.gz", whole + whole[:-8] + b"12345678", 1)])
    assert (len(result.songplays), result.rejects) == (1, [Rejected("log_data/d.json.gz", 1, "corrupt")])
    assert star([Version("log_data/d.json.gz", whole + b"\0\0", 1)]).rejects == []
    assert star([Version("log_data/d.json.gz", b"", 1)]).rejects == []


# --- Staging -------------------------------------------------------------------------------------------


def record(data: bytes) -> Record:
    (item,) = parse(data)
    assert isinstance(item, Record)
    return item


def test_text_columns_take_the_text_of_the_source() -> None:
    row = stage_event(
        record(
            b'{"ts": "1541990258796.0", "page": 1.10, "artist": 702, "song": true, "level": "",'
            b' "location": {"a":  [1,\n2]}, "userAgent": "\\u00e9\\/", "auth": null}'
        )
    )
    assert (row.ts, row.page, row.artist, row.song, row.level) == (MONDAY, "1.10", "702", "true", "")
    assert (row.location, row.user_agent, row.auth, row.method) == ('{"a":  [1,\n2]}', "é/", None, None)


def test_fields_are_found_by_exact_name_then_ignoring_case_and_the_last_wins() -> None:
    row = stage_event(
        record(
            b'{"TS": "no", "ts": "no", "ts": 1, "Ts": "no", "PAGE": {}, "Page": "Home",'
            b' "userid": 1, "USERID": 2, "level": null, "LEVEL": "paid", "s\\u006fng": "x"}'
        )
    )
    assert (row.ts, row.page, row.user_id, row.level, row.song) == (1, "Home", 2, None, "x")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("200.0", 200),
        ('"200.0"', 200),
        ("2e2", 200),
        ("-0", 0),
        ("-0.0e-400", 0),
        (f"0e{'9' * 5000}", 0),
        ("1.84E2", 184),
        ("1.50e+1", 15),
        ("-1000.00e-0003", -1),
        (f"0.{'0' * 6000}1e6001", 1),
        (f"1{'0' * 6000}e-6000", 1),
        ("-2147483648", -(2**31)),
        ("2147483647.0000000000", 2**31 - 1),
        ('""', None),
        ("null", None),
    ],
)
def test_integers(source: str, expected: int | None) -> None:
    assert stage_song(record(b'{"song_id": "S", "year": %b}' % source.encode())).year == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None), st.sampled_from(["f", "e"]))
def test_whole_numbers_agree_with_decimals(number: Decimal, form: str) -> None:
    digits = format(number.quantize(Decimal(1)) if form == "f" and number == number.to_integral() else number, form)
    expected = int(number) if number == number.to_integral() and abs(number) < 10**25 else None
    found = whole(digits)
    assert found == expected or (expected is None and found is not None and abs(found) >= 10**25)


def test_what_is_not_a_field_is_not_looked_into() -> None:
    row = stage_event(
        record(
            b'{"ts": 1, "page": "Home", "x": "\\u0000", "\\u0000\\ud800": {"song": ["\\udc00"]},'
            b' "song": "\\ud800", "SONG": "\\u0000", "song": "last"}'
        )
    )
    assert row.song == "last"
    for source in (b'"\\u0000"', b'["\\u0000"]', b'{"\\ud800": 1}'):
        with pytest.raises(Misfit, match="encoding"):
            stage_event(record(b'{"ts": 1, "page": "Home", "Song": %b}' % source))


def test_a_duration_whose_milliseconds_are_no_number_is_a_reject() -> None:
    assert stage_song(record(b'{"song_id": "S", "duration": 1e305}')).duration == 1e305
    with pytest.raises(Misfit, match="value"):
        stage_song(record(b'{"song_id": "S", "duration": 1e308}'))


def test_a_record_that_is_wrong_in_several_ways() -> None:
    (reject,) = star([Version("log_data/d.json", b'{"ts": 1.5, "song": "\\u0000", "level": ""}', 1)]).rejects
    assert reject.all_classes == {"value", "encoding", "missing"}


# --- The rules -----------------------------------------------------------------------------------------


def test_one_play_and_one_song() -> None:
    catalogue = songs(song("S1", year=0, artist_location="", artist_latitude=37.95, artist_longitude=-121.29))
    play = event(song="Song", artist="Band", length=100.0, firstName="Ada", userAgent='"Agent"', location="")
    result = star([catalogue, logs(play)])
    assert result.songplays == [(MONDAY_START, 5, "free", "S1", "AR1", 7, None, '"Agent"')]
    assert result.users == [(5, "Ada", None, None, "free")]
    assert result.songs == [("S1", "Song", "AR1", None, 100000.0)]
    assert result.artists == [("AR1", "Band", None, 37.95, -121.29)]
    assert result.time == [(MONDAY_START, 2, 12, 46, 11, 2018, 1)]
    assert result.resolution == {"exact": 1, "title": 0, "artist": 0, "none": 0}


def test_r1_null_equals_null_and_other_pages_are_no_plays() -> None:
    unknown = event(userId="", sessionId=None)
    result = star([logs(unknown, unknown, event(page="nextsong"), event(sessionId=8))])
    assert [(row[1], row[5]) for row in result.songplays] == [(None, None), (5, 8)]


def test_r1_conflicts_keep_the_lowest_of_a_batch_and_the_first_batch() -> None:
    high, empty, null = (logs(event(level=level), name=f"log_data/{level}.json") for level in ("x", "", None))
    both = logs(event(level="free"), event(level=""), event(level="paid"))
    assert [row[2] for row in star([high, empty, null]).songplays] == ["x"]
    assert [row[2] for row in star([both]).songplays] == [None]
    locations = [event(level="", location="b"), event(level=None, location="z")]
    assert [row[6] for row in star([logs(*locations)]).songplays] == ["z"]  # NULL < '' before both are NULL
    assert [row[2] for row in star_of_batches([[high, null], [empty]]).songplays] == [None]


def test_r2_exact_ties_go_to_the_lowest_id_and_missing_values_match_nothing() -> None:
    catalogue = songs(song("S9"), song("S10"), song("S0", duration=None), song("S00", title=" "))
    play = event(song="Song", artist="Band", length=100.0)
    assert found(catalogue, play) == ("exact", "S10", "AR1")
    assert found(catalogue, play | {"length": None}) == ("title", "S0", "AR1")
    assert found(catalogue, play | {"length": None}, "exact") == ("none", None, None)
    assert found(catalogue, play | {"song": " "}, "exact") == ("none", None, None)
    assert found(catalogue, play | {"song": " "}) == ("artist", None, "AR1")


def test_r2_title_takes_the_nearest_duration_then_the_lowest_id() -> None:
    catalogue = songs(
        song("S1", duration=None),
        song("S2", duration=90.0),
        song("S4", duration=110.0, title="sONG "),
        song("S3", duration=110.0, artist_id=""),
    )
    play = event(song="  song", artist="BAND", length=100.0)
    assert found(catalogue, play) == ("title", "S2", "AR1")
    assert found(catalogue, play | {"length": 101.0}) == ("title", "S3", None)
    assert found(catalogue, play | {"length": None}) == ("title", "S1", "AR1")
    assert found(catalogue, play, "exact") == ("none", None, None)


def test_r2_artist_with_most_songs_under_the_name_then_the_lowest_id() -> None:
    catalogue = [song("S1", artist_id="AR9"), song("S2", artist_id="AR1"), song("S3", artist_id=None)]
    play = event(song="?", artist="band", length=1.0)
    assert found(songs(*catalogue), play) == ("artist", None, "AR1")
    assert found(songs(*catalogue, song("S4", artist_id="AR9")), play) == ("artist", None, "AR9")
    assert found(songs(catalogue[2]), play) == ("none", None, None)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, ""),
        (" \t\r\n\f\v", ""),
        ("\u00a0", "\u00a0"),
        (" A \n b ", "a b"),
        ("İI", "ii"),
        ("ΑΣ", "ασ"),
        ("ẞß", "ßß"),
        ("ﬁ", "ﬁ"),
        (twice("Jóga"), "jóga"),
        (twice(twice(twice("Jóga"))), "jóga"),
        (twice(twice(twice(twice("Jóga")))), twice("Jóga").lower()),
        ("Ã", "ã"),
        (twice("é") + "€", "ã©€"),
    ],
)
def test_r2_normalisation(source: str | None, expected: str) -> None:
    assert normalise(source) == expected


def test_r3_the_latest_event_decides_and_full_ties_go_to_the_largest() -> None:
    late = logs(event(page="Home", ts=MONDAY + 1, level="paid", firstName="", sessionId=None))
    early = logs(event(level="free", firstName="Ada"), name="log_data/2.json")
    assert star([late, early]).users == star([early, late]).users == [(5, None, None, None, "paid")]
    tie = [event(firstName="A", level="z"), event(firstName="B", level="a"), event(firstName=None)]
    assert star([logs(*tie)]).users == [(5, "B", None, None, "a")]
    later = [
        event(sessionId=6, itemInSession=9, level="a"),
        event(itemInSession=0, level="b"),
        event(level="c"),
    ]
    assert star([logs(*later)]).users == [(5, None, None, None, "b")]


def test_r4_the_newest_record_of_a_song_wins_whenever_it_is_read() -> None:
    new = songs(song("S1", title="new", duration="", year=1999), modified=2)
    old = songs(song("S1", title="old"), name="song_data/z.json")
    older = songs(song("S1", title="older"), song("S1", title=66), name="song_data/b.json")
    assert star([new, old]).songs == star([old, new]).songs == [("S1", "new", "AR1", 1999, None)]
    assert star([old, older]).songs[0][1] == "old"
    assert star([older]).songs[0][1] == "66"


def test_r5_artists() -> None:
    catalogue = songs(
        song("S1", artist_name="Santana feat. Rob", artist_latitude=2, artist_longitude=1),
        song("S2", artist_name="Santana", artist_location="SF", artist_latitude=1, artist_longitude=3),
        song("S3", artist_name="Santana feat. Rob", artist_location="LA", artist_latitude=1),
        song("S4", artist_name="Santana", artist_latitude=1, artist_longitude=2),
        song("S5", artist_name="", artist_location=""),
        song("S6", artist_name="", artist_location="", artist_id=""),
    )
    assert star([catalogue]).artists == [("AR1", "Santana", "LA", 1.0, 2.0)]
    renamed = songs(*(song(f"S{n}", artist_id="AR2", artist_name=None) for n in range(7)), modified=2)
    assert star([catalogue, renamed]).artists == [("AR2", None, None, None, None)]


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_r6_time_agrees_with_the_calendar_of_python(ts: int) -> None:
    expected = datetime(1970, 1, 1) + timedelta(milliseconds=ts)
    (row,) = r6_time([stage_event(record(lines(event(ts=ts))))])
    week = expected.isocalendar().week
    weekday = (expected.weekday() + 1) % 7
    assert row == (expected, expected.hour, expected.day, week, expected.month, expected.year, weekday)


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        (-210_866_803_200_000, ("4714-11-24 (BC) 00:00:00", 0, 24, 48, 11, -4713, 1)),
        (-62_135_596_800_001, ("0001-12-31 (BC) 23:59:59.999", 23, 31, 52, 12, 0, 0)),
        (253_402_300_800_500, ("10000-01-01 00:00:00.5", 0, 1, 52, 1, 10000, 6)),
        (9_223_372_036_854_775, ("294247-01-10 04:00:54.775", 4, 10, 1, 1, 294247, 0)),
    ],
)
def test_r6_time_beyond_what_python_holds(ts: int, expected: tuple[Cell, ...]) -> None:
    assert list(r6_time([stage_event(record(lines(event(ts=ts))))])) == [expected]


def test_r8_counts_of_each_version() -> None:
    first = Version("log_data/d.json", lines(event()) + b"\nnull\n", 1)
    grown = Version("log_data/d.json", first.data + b"{}\n", 2)
    result = star([first, grown, first])
    assert [(count.read, count.staged, count.rejected) for count in result.files] == [(2, 1, 1), (3, 1, 2)]
    assert result.latest["log_data/d.json"].read == 3


def test_rows_sort_with_null_lowest() -> None:
    rows: list[tuple[Cell, ...]] = [("b", 1), ("", 2.5), (None, 3), ("b", None)]
    assert sort_rows(rows) == [(None, 3), ("", 2.5), ("b", None), ("b", 1)]


# --- The strategies ------------------------------------------------------------------------------------


@given(st.data())
def test_a_log_file_of_any_shape_stages_as_its_events(data: st.DataObject) -> None:
    records = data.draw(strategies.events(far=True))
    rows = [stage_event(record(lines(dict(each)))) for each in records]
    version = Version("log_data/d.json", data.draw(strategies.log_bytes(records)), 1)
    assert [stage_event(item) for item in read(version) if isinstance(item, Record)] == rows
    assert all(isinstance(item, Record) for item in read(version))


@given(st.data())
def test_a_song_file_of_any_shape_stages_as_its_songs(data: st.DataObject) -> None:
    records = data.draw(strategies.catalogues())
    rows = [stage_song(record(lines(dict(each)))) for each in records]
    name = data.draw(st.sampled_from(["song_data/a.json", "song_data/a.json.gz", "song_data/a.jsonl.zst"]))
    stored = strategies.packed(name, data.draw(strategies.song_bytes(records)))
    items = read(Version(name, stored, 1))
    assert [stage_song(item) for item in items if isinstance(item, Record)] == rows
    assert len(items) == len(rows)


@given(strategies.events(conflicts=False))
def test_plays_without_conflicts(records: list[Source]) -> None:
    plays = [each for each in records if each["page"] == "NextSong"]
    keys = {(each["ts"], each["userId"], each["sessionId"]) for each in plays}
    assert len(keys) == len({tuple(each.items()) for each in plays})


@given(strategies.histories(bad=True), st.randoms())
def test_r7_order_does_not_matter(history: list[Run], random: Random) -> None:
    versions = strategies.versions(history)
    shuffled = versions * 2
    random.shuffle(shuffled)

    def tables(result: Star) -> tuple[object, ...]:
        return (
            *(result.songplays, result.users, result.songs, result.artists, result.time),
            *(result.tracks, result.resolution),
        )

    assert tables(star(shuffled)) == tables(star(versions)) == tables(star_of_batches([versions]))


@given(strategies.histories(bad=True))
def test_r8_nothing_vanishes(history: list[Run]) -> None:
    result = star(strategies.versions(history))
    assert all(count.read == count.staged + count.rejected for count in result.files)
    assert sum(count.rejected for count in result.files) == len(result.rejects)
    assert sum(result.resolution.values()) == len(result.songplays)


@given(strategies.histories())
def test_versions_of_a_file_grow_younger_and_have_no_rejects(history: list[Run]) -> None:
    newest: dict[str, int] = {}
    for batch in strategies.batches(history):
        for version in batch:
            assert version.modified > newest.get(version.name, -1)
            newest[version.name] = version.modified
    assert star(strategies.versions(history)).rejects == []


def test_timestamps_are_naive_utc() -> None:
    assert timestamp(MONDAY) == MONDAY_START
