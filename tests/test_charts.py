"""Charts: rows in, a specification out that every renderer draws alike, whatever the rows hold."""

import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify import charts, queries
from sparkify.cli_support import reading, settings_for
from sparkify.warehouse import Answer
from tests.command import DATABASE, event, inside, song, write_json
from tests.conftest import examples

HOSTILE = "</script><script>window.pwned=1</script>"
DAY = date(2018, 11, 1)


def answer(columns: str, *rows: tuple[object, ...]) -> Answer:
    """Rows under columns named in one text; no chart looks at the engine's types."""
    names = tuple(columns.split())
    return Answer(names, ("",) * len(names), list(rows))


def spec(name: str, found: Answer, theme: charts.Theme = "light") -> dict[str, Any]:
    drawn = charts.spec(queries.named_query(name), found, theme)
    assert drawn is not None
    return drawn


def data(drawn: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of the last data set, which is the one that the answer made."""
    records: list[dict[str, Any]] = list(drawn["datasets"].values())[-1]
    return records


def labels(drawn: Mapping[str, Any]) -> list[str]:
    return [record["label"] for record in data(drawn)]


TOP_SONGS = "song_id title artist plays listeners"

# An answer of each form, small and odd.
ANSWERS = {
    "top-songs": answer(TOP_SONGS, ("SO1", "Intro", "A", 3, 1), ("SO2", "Intro", "B", 2, 1)),
    "by-device": answer("browser operating_system plays listeners", (None, None, 3, 1), ("Firefox", "Linux", 2, 1)),
    "plays-by-hour": answer("hour plays listeners", (3, 5, 1), (17, 2, 1)),
    "session-length": answer("minutes sessions plays", ("one play", 4, 4), ("10 to 30", 1, 9)),
    "plays-over-time": answer("period plays listeners sessions", (DAY, 5, 1, 1), (DAY + timedelta(2), 2, 1, 1)),
    "tiers-over-time": answer("period level plays listeners", (DAY, None, 5, 1), (DAY + timedelta(2), "paid", 2, 1)),
    "new-and-returning": answer("period new_listeners returning_listeners", (DAY, 5, 1), (DAY + timedelta(14), 0, 1)),
    "plays-by-weekday": answer("weekday hour plays", (0, 3, 5), (6, 23, 1)),
    "retention": answer(
        "cohort periods_since listeners cohort_size share", (DAY, 0, 4, 4, 1.0), (DAY + timedelta(7), 1, 1, 4, 0.25)
    ),
    "artist-places": answer(
        "artist_id name location latitude longitude plays",
        ("AR1", "A", "Chicago", 41.9, -87.6, 5),
        ("AR2", "B", None, 91.0, 0.0, 1),
    ),
}
FORMS = {queries.named_query(name).drawing.form for name in ANSWERS}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse of two songs of one title, a hostile one, and plays of no known tier."""
    folder = tmp_path_factory.mktemp("charts")
    songs = [
        song(),
        song(song_id="SO2", artist_id="AR2", artist_name="Another Artist", duration=100.5),
        song(song_id="SO3", title=HOSTILE, artist_latitude=41.9, artist_longitude=-87.6, artist_id="AR3"),
    ]
    write_json(folder / "song_data" / "songs.json", songs)
    plays = [
        event(),
        event(artist="Another Artist", length=100.5, ts=1541106206796, userId="8", level="paid"),
        event(song=HOSTILE, ts=1541306206796, sessionId=2),
        event(song="x" * 1000, ts=1541306306796, sessionId=2, location=None),
    ]
    write_json(folder / "log_data" / "one.json", plays)
    inside(folder, "etl", "--song-data", "song_data", "--log-data", "log_data").ok()
    return folder


def test_every_form_has_an_answer_here() -> None:
    assert {query.drawing.form for query in queries.queries()} - {"number"} <= FORMS


@pytest.mark.parametrize("query", queries.queries(), ids=lambda query: query.name)
def test_every_query_of_a_warehouse_is_drawn(query: queries.NamedQuery, loaded: Path) -> None:
    with reading(settings_for(warehouse=f"duckdb:///{loaded / DATABASE}"), attach=False) as house:
        found = queries.answer(house, query.name)
    drawn = charts.spec(query, found)
    assert (drawn is None) == (query.drawing.form == "number" or not found.rows)
    if drawn is not None:
        json.dumps(drawn, allow_nan=False)
        assert drawn["width"] == "container"
        assert drawn["description"].startswith(query.title)
        assert str(len(found.rows)) in drawn["description"]
        assert set(query.drawing.y) <= set(found.columns), "the header names columns of the answer"


@pytest.mark.parametrize("name", ANSWERS)
def test_a_picture_is_made_without_a_network(name: str) -> None:
    found = charts.png(queries.named_query(name), ANSWERS[name])
    assert found is not None
    assert found.startswith(b"\x89PNG")
    assert len(found) > 5000, "something is drawn"


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_is_drawn_of_no_rows(name: str) -> None:
    nothing = replace(ANSWERS[name], rows=[])
    query = queries.named_query(name)
    assert charts.chart(query, nothing) is None
    assert charts.spec(query, nothing) is None
    assert charts.png(query, nothing) is None


def test_numbers_to_read_and_values_that_are_all_null_make_no_chart() -> None:
    assert charts.chart(queries.named_query("overview"), answer("plays listeners", (1, 1))) is None
    coverage = answer("kind in_catalogue played share", ("songs", 0, 0, None), ("artists", 0, 0, math.nan))
    assert charts.chart(queries.named_query("catalogue-coverage"), coverage) is None


# -- labels -----------------------------------------------------------------------------------------


def test_two_songs_of_one_title_have_a_bar_each() -> None:
    assert labels(spec("top-songs", ANSWERS["top-songs"])) == ["Intro – A", "Intro – B"]


def test_labels_that_stay_alike_are_numbered() -> None:
    same = answer(TOP_SONGS, *((f"SO{index}", "Intro", "A", 9 - index, 1) for index in range(3)))
    assert labels(spec("top-songs", same)) == ["Intro – A", "Intro – A (2)", "Intro – A (3)"]
    taken = answer("title play_count", ("A", 3), ("A (2)", 2), ("A", 1))
    assert len(set(labels(spec("most-played-song", taken)))) == 3


@given(st.lists(st.text(max_size=6) | st.sampled_from(["A", "A (2)", "x" * 300]) | st.none(), min_size=1, max_size=12))
@examples(100)
def test_labels_are_all_different(titles: list[str | None]) -> None:
    found = labels(spec("most-played-song", answer("title play_count", *((title, 1) for title in titles))))
    assert len(set(found)) == len(titles)


def test_null_is_unknown() -> None:
    places = answer("location plays listeners", (None, 3, 1), ("Lyon", 2, 1))
    assert labels(spec("top-places", places)) == ["unknown", "Lyon"]
    tiers = spec("tiers-over-time", ANSWERS["tiers-over-time"])
    assert tiers["encoding"]["color"]["scale"]["domain"] == ["free", "paid", "unknown"]


def test_long_labels_are_cut() -> None:
    drawn = spec("most-played-song", answer("title play_count", ("long " * 200, 1)))
    (record,) = data(drawn)
    assert len(record["title"]) == len(record["label"]) == charts.LABEL
    axis = drawn["layer"][0]["encoding"]["y"]["axis"]
    assert "240" in axis["labelLimit"]["expr"]


def test_labels_cannot_turn_the_text_around_them() -> None:
    (record,) = data(spec("most-played-song", answer("title play_count", ("a\u202eb\x00c\nd", 1))))
    assert record["label"] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c d"


# -- order, room, colours ---------------------------------------------------------------------------


def test_ten_bars_have_room() -> None:
    ten = answer("title play_count", *((f"Song {index}", index) for index in range(10)))
    drawn = spec("most-played-song", ten)
    assert drawn["height"] >= 320
    assert drawn["layer"][0]["encoding"]["y"]["sort"] == [f"Song {index}" for index in range(10)], "as answered"


def test_more_bars_than_people_read_are_left_to_the_table() -> None:
    many = answer("title play_count", *((f"Song {index}", 1) for index in range(1000)))
    drawn = spec("most-played-song", many)
    assert len(data(drawn)) == charts.BARS
    assert drawn["title"] == f"the first {charts.BARS} of 1,000"


def test_more_series_than_colours_share_the_last() -> None:
    devices = answer(
        "browser operating_system plays listeners", *((f"B{index}", f"S{index}", 20 - index, 1) for index in range(12))
    )
    domain = spec("by-device", devices)["encoding"]["color"]["scale"]["domain"]
    assert domain == [*(f"S{index}" for index in range(7)), "other"]


def test_colours_stand_in_the_configuration_alone() -> None:
    for name, found in ANSWERS.items():
        light, dark = spec(name, found), spec(name, found, "dark")
        assert light.pop("config") != dark.pop("config")
        assert light == dark


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_stand_out(theme: charts.Theme) -> None:
    ground = luminance(charts.BACKGROUND[theme])
    for color in charts.PALETTE[theme]:
        assert contrast(luminance(color), ground) >= 3, color
    style = charts.config(theme)
    for text in (style["axis"]["labelColor"], style["axis"]["titleColor"], style["legend"]["labelColor"]):
        assert contrast(luminance(text), ground) >= 4.5, text
    assert len(charts.PALETTE[theme]) == charts.SERIES


def luminance(color: str) -> float:
    """Relative luminance as WCAG has it."""
    channels = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


# -- days -------------------------------------------------------------------------------------------


def test_days_are_days_in_every_time_zone() -> None:
    x = spec("plays-over-time", ANSWERS["plays-over-time"])["encoding"]["x"]
    assert x["scale"] == {"type": "utc"}
    assert x["axis"]["values"][0] == {"year": 2018, "month": 11, "date": 1, "utc": True}
    tooltip = spec("plays-over-time", ANSWERS["plays-over-time"])["encoding"]["tooltip"]
    assert tooltip[0]["timeUnit"] == "utcyearmonthdate"


def test_a_day_without_plays_is_drawn_as_none() -> None:
    assert [
        (record["period"], record["plays"]) for record in data(spec("plays-over-time", ANSWERS["plays-over-time"]))
    ] == [
        ("2018-11-01", 5),
        ("2018-11-02", 0),
        ("2018-11-03", 2),
    ]
    areas = data(spec("tiers-over-time", ANSWERS["tiers-over-time"]))
    assert [(record["level"], record["plays"]) for record in areas] == [
        ("unknown", 5), ("paid", 0), ("unknown", 0), ("paid", 0), ("unknown", 0), ("paid", 2),
    ]  # fmt: skip


def test_a_month_of_listeners_is_not_none_for_want_of_plays_on_a_day() -> None:
    users = answer("day daily weekly monthly stickiness", (DAY, 1, 2, 3, 0.3), (DAY + timedelta(2), 1, 2, 3, 0.3))
    assert len(data(spec("active-users", users))) == 2


def test_weeks_and_months_are_filled_by_weeks_and_months() -> None:
    weeks = spec("new-and-returning", ANSWERS["new-and-returning"])
    assert weeks["encoding"]["x"]["sort"] == ["2018-11-01", "2018-11-08", "2018-11-15"]
    columns = "period new_listeners returning_listeners"
    months = answer(columns, (date(2018, 11, 1), 1, 0), (date(2019, 2, 1), 1, 0))
    assert spec("new-and-returning", months)["encoding"]["x"]["sort"] == [
        "2018-11-01", "2018-12-01", "2019-01-01", "2019-02-01",
    ]  # fmt: skip


def test_years_of_odd_days_are_not_filled() -> None:
    far = answer("period plays listeners sessions", (date.min, 1, 1, 1), (date.max, 1, 1, 1))
    assert len(data(spec("plays-over-time", far))) == 2


def test_one_day_is_drawn_as_columns() -> None:
    one = answer("period level plays listeners", (DAY, "free", 5, 1), (DAY, "paid", 2, 1))
    assert spec("tiers-over-time", one)["mark"]["type"] == "bar"


def test_hours_without_plays_leave_a_gap() -> None:
    drawn = spec("plays-by-hour", ANSWERS["plays-by-hour"])
    assert drawn["encoding"]["x"]["scale"]["domain"] == [-0.5, 23.5]
    heat = spec("plays-by-weekday", ANSWERS["plays-by-weekday"])
    assert heat["encoding"]["x"]["scale"]["domain"] == list(range(24))
    assert heat["encoding"]["y"]["scale"]["domain"] == list(charts.WEEKDAYS)
    assert [record["label"] for record in data(heat)] == ["Sunday", "Saturday"]


def test_places_off_the_globe_are_left_out() -> None:
    assert [record["name"] for record in data(spec("artist-places", ANSWERS["artist-places"]))] == ["A"]


# -- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (math.nan, None),
        (-math.inf, None),
        (Decimal("NaN"), None),
        (Decimal(12), 12),
        (Decimal("1.5"), 1.5),
        (True, True),
        (DAY, "2018-11-01"),
        (time(1, 2), "01:02:00"),
        (datetime(2018, 11, 1, 23, 30), "2018-11-01T23:30:00.000Z"),
        (datetime(2018, 11, 1, 23, 30, tzinfo=timezone(timedelta(hours=-8))), "2018-11-02T07:30:00.000Z"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (b"\x00", "b'\\x00'"),
        (timedelta(1), "1 day, 0:00:00"),
        ("a\ud800", "a\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_values_become_what_json_has(value: object, expected: object) -> None:
    assert charts.safe(value) == expected
    assert type(charts.safe(value)) is type(expected)


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        (None, "", "unknown"),
        (12345, "plays", "12,345"),
        (12345, "user_id", "12345"),
        (0.1234, "share", "12.3%"),
        (0, "weekday", "Sunday"),
        (datetime(2018, 11, 1, 5, 6, 7, tzinfo=UTC), "last_play", "2018-11-01 05:06:07"),
        (math.nan, "plays", "unknown"),
    ],
)
def test_values_for_people(value: object, column: str, expected: str) -> None:
    assert charts.text(value, column) == expected


BIG = 10**38
NUMBERS = (
    st.integers(-BIG, BIG)
    | st.floats()
    | st.decimals(-BIG, BIG)
    | st.sampled_from([Decimal("sNaN"), Decimal("-Infinity")])
    | st.none()
)
VALUES = NUMBERS | st.text() | st.booleans() | st.dates() | st.datetimes() | st.binary() | st.lists(st.integers())


@given(st.sampled_from(sorted(ANSWERS)), st.data())
@examples(60)
def test_whatever_an_answer_holds_is_json(name: str, drawn: st.DataObject) -> None:
    query, shape = queries.named_query(name), ANSWERS[name]
    days = {column for column in shape.columns if column in ("period", "cohort")}
    numbers = {query.drawing.measure, *query.drawing.y} if query.drawing.form != "bar" else {query.drawing.measure}
    one = st.tuples(
        *(
            st.dates() if column in days else NUMBERS if column in numbers else VALUES
            for column in shape.columns
        )
    )  # fmt: skip
    rows = drawn.draw(st.lists(one, max_size=4))
    found = charts.spec(query, replace(shape, rows=rows))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
