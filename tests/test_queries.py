"""The named queries: each equals the reference and keeps the invariant of its header, on both engines."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from sparkify import queries, sql_queries
from sparkify.agents import browser_and_system
from sparkify.errors import UsageError
from sparkify.warehouse import Answer
from tests import analytics_reference as reference
from tests.analytics_reference import Facts, Play
from tests.conftest import examples
from tests.house import ALL_REJECTS, House, Twins, fresh_house
from tests.public_data import needs_public_data, public_files
from tests.redshift import grammar
from tests.reference import Version
from tests.strategies import BASE_TIME, Run, batches, histories, twice
from tests.test_rules import event, song, visit

if TYPE_CHECKING:
    from tests.engines import Cluster

pytest_plugins = ("tests.engines",)

NAMES = [query.name for query in queries.queries()]
Given = dict[str, str]


def answered(house: House, name: str, values: Mapping[str, str]) -> list[tuple[object, ...]]:
    with house.reading() as warehouse:
        return queries.answer(warehouse, name, values).rows


def own(name: str) -> list[queries.Parameter]:
    """The parameters that a query does not share with all."""
    return [each for each in queries.named_query(name).parameters if each not in queries.FILTERS]


def choices(name: str) -> list[Given]:
    """The values of a query's own parameters, one at a time: each choice, the least and the most."""
    found: list[Given] = []
    for parameter in own(name):
        bounds = [str(parameter.low), str(parameter.high)] if parameter.kind == "integer" else parameter.choices
        found += [{parameter.name: value} for value in bounds]
    return found


def everything(name: str) -> Given:
    """The values with which a query cuts nothing off."""
    return {parameter.name: str(parameter.high) for parameter in own(name) if parameter.kind == "integer"}


# --- The public data -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def november(folder: Path) -> Iterator[tuple[House, Facts]]:
    """The public data set, loaded, and what the reference knows of it."""
    files = public_files()
    with fresh_house(folder) as house:
        house.put(*files)
        house.load()
        yield house, reference.facts([[file] for file in files])


NOVEMBER: tuple[Given, ...] = (
    {},
    {"start": "2018-11-05", "end": "2018-11-20"},
    {"level": "paid", "start": "2018-11-14"},
    {"place": "Lansing-East Lansing, MI"},
    {"place": "San Francisco-Oakland-Hayward, CA", "level": "free", "end": "2018-11-24"},
)


@needs_public_data
@pytest.mark.parametrize("name", NAMES)
def test_the_public_data_gives_what_the_reference_says(november: tuple[House, Facts], name: str) -> None:
    house, known = november
    with house.reading() as warehouse:
        for values in (*NOVEMBER, *(NOVEMBER[1] | each for each in choices(name))):
            found = queries.answer(warehouse, name, values).rows
            assert (values, found) == (values, reference.answer(known, name, values))


# --- A small warehouse with every shape that breaks a naive join -------------------------------------------


def at(text: str) -> int:
    """Epoch milliseconds of an instant in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000 + 0.5)


def played(when: str, user: int | None, session: int | None = 1, **fields: object) -> str:
    """A play, of a song that no catalogue has if nothing else is said."""
    who = {"userId": "" if user is None else str(user), "sessionId": session, "ts": at(when)}
    return event(**({"song": "Nowhere", "artist": "Nobody", "location": "SF"} | who | fields))


SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.77.4 (KHTML, like Gecko) Version/7.0.5 Safari/537.77.4"
CHROME = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0.1985.143 Safari/537.36"
FIREFOX = "Mozilla/5.0 (Windows NT 6.1; rv:31.0) Gecko/20100101 Firefox/31.0"

SONGS = (
    song("S1", "AR1", "Same Name", "Twin", 100.0, artist_latitude=1.5, artist_longitude=-2.5),  # a title of two songs
    song("S2", "AR2", "Other", "Twin", 100.0),
    song("S3", "AR3", "Same Name", "Solo", 200.0, artist_latitude=0.0, artist_longitude=0.0),  # two artists of a name
    song("S4", "", "Ghost", "No Artist", 50.0),
    song("S5", "AR1", "Same Name", "Twin ", 100.0),
    song("S6", "AR4", "Björk", "Jóga", 305.1, artist_latitude=64.1),
    song("S7", "AR5", "Never Played", "Unheard", 1.0, artist_latitude=9.0, artist_longitude=9.0),
    song("S8", "AR6", "", "", 1.0),
)

TWIN: dict[str, Any] = {"song": "Twin", "artist": "Same Name", "length": 100.0}
OTHER_TWIN = TWIN | {"artist": "Other"}

PLAYS = (
    # songs and artists found, half found and not found
    played("2018-11-12T10:00", 1, **TWIN),
    played("2018-11-12T10:04", 1, **OTHER_TWIN),
    played("2018-11-12T10:08", 2, **TWIN, level="paid"),
    played("2018-11-12T10:09", 2, **TWIN | {"song": "Twin "}, level="paid"),
    played("2018-11-12T10:12", 2, song="SOLO ", artist="same name", length=1.0, level="paid"),
    played("2018-11-13T10:00", 2, 2, song="Unknown", artist="Same Name", level="paid"),
    played("2018-11-13T10:05", 2, 2, song=" unknown", artist="SAME NAME ", level="paid"),
    played("2018-11-13T10:10", 3, song="No Artist", artist="Ghost", length=50.0),
    played("2018-11-13T10:15", 3, song=twice("JÓGA"), artist=twice("Björk"), length=305.1),
    played("2018-11-13T10:20", 3, song=twice("Hyperballad"), artist=twice("Björk")),
    played("2018-11-13T10:25", 3, song=twice("Ágætis byrjun"), artist=twice("Sigur Rós")),
    played("2018-11-13T10:26", 3, song=twice(twice("Ágætis byrjun")), artist=twice("Sigur Rós")),
    played("2018-11-13T10:30", 3, song=None, artist="Same Name"),
    played("2018-11-13T10:35", 3, song=None, artist=None, length=None),
    played("2018-11-13T10:40", 3, song=" \t", artist=" "),
    played("2018-11-13T10:45", 3, song="Nowhere", artist=" "),
    played("2018-11-13T10:46", 4, song="Nowhere", artist=None),
    # what is unknown
    played("2018-11-14T08:00", None, **TWIN),
    played("2018-11-14T08:00", None, None, level=None, location=None, userAgent=None),
    played("2018-11-14T08:01", None, 9, level="", location="", userAgent=""),
    played("2018-11-14T08:02", 4, None, level=None, location=None),
    played("2018-11-14T08:03", 4, 9, firstName=None, lastName=None, gender=None),
    # agents
    played("2018-11-15T08:00", 5, userAgent=SAFARI),
    played("2018-11-15T08:01", 5, userAgent=f'"{SAFARI}"'),
    played("2018-11-15T08:02", 5, userAgent=CHROME),
    played("2018-11-15T08:03", 5, userAgent=FIREFOX),
    played("2018-11-15T08:04", 5, userAgent="it's nothing; --"),
    played("2018-11-15T08:05", 5, userAgent=FIREFOX + " "),
    # trailing blanks are other text
    *(
        played(f"2018-11-16T08:0{number}", 6, level=level, location=place, gender=gender)
        for number, (level, place, gender) in enumerate(
            [("free ", "SF ", "F"), ("paid", "SF", "F "), ("paid ", "SF  ", "F "), ("free", " ", "F ")]
        )
    ),
    # at the same instant, back and forth between the tiers
    *(
        played("2018-11-17T12:00", 7, session, level=level)
        for session, level in [(3, "free"), (1, "paid"), (None, "free"), (2, "free"), (4, "paid")]
    ),
    played("2018-11-17T12:00", 8),
    played("2018-11-17T12:00", 9, level="paid"),
    played("2018-11-17T12:00:00.001", 9, 2, level="free"),
    played("2018-11-18T12:00", 9, 2, level="paid"),
    # on both sides of a day, a week, a month, a year; of ISO weeks 1, 52 and 53; of a leap day
    *(
        played(when, user, 20)
        for when in (
            *("2018-11-18T23:59:59.999", "2018-11-19T00:00", "2018-11-30T23:59:59.999", "2018-12-01T00:00"),
            *("2018-12-30T23:59:59.999", "2018-12-31T00:00", "2018-12-31T23:59:59.999", "2019-01-01T00:00"),
            *("2020-02-28T23:59:59.999", "2020-02-29T12:00", "2020-03-01T00:00", "2020-12-31T23:00"),
            *("2021-01-03T23:59:59.999", "2021-01-04T00:00", "1969-12-31T23:59:59.999", "2017-01-01T12:00"),
        )
        for user in (10, 11)
    ),
    # just within 7 and 30 days, and just not
    *(played(when, 12, 21) for when in ("2019-05-01T23:59", "2019-05-08T00:00", "2019-06-07T00:00")),
    *(played(when, 13, 21) for when in ("2019-05-01T23:59", "2019-05-07T00:00", "2019-06-05T00:00")),
    *(played(when, user, 21) for when, user in [("2019-05-01", 14), ("2019-05-02", 18), ("2019-05-31", 19)]),
    # sessions of 9:59.999 and of 10:00
    *(played(when, 15, 30) for when in ("2019-07-01T10:00:00.500", "2019-07-01T10:10:00.499")),
    *(played(when, 15, 31) for when in ("2019-07-02T10:00", "2019-07-02T10:04", "2019-07-02T10:10")),
    *(played(f"2019-07-03T{number // 60:02}:{number % 60:02}", 15, 32, level="paid") for number in range(110)),
    # later
    played("2019-08-01T00:00", 16, level="free"),
    played("2019-08-02T23:59", 16, level="paid"),
    played("2019-08-03T00:00", 16, level="free"),
)

QUEER_PLACES = (
    *("it's", "' or '1'='1", "'; drop table users; --", 'the "Fallon"', "St. :plays", ":place", " :limit :start", "::"),
    *("100%", "%s", "?", "$1", "{x}", "/* x", "-- x", "Århus", twice("Århus"), "a\nb", "trailing  ", "x=y", "$$", "🎵"),
)
BACKSLASHES = ("\\", "back\\slash", "\\' or 1=1 --", "\\\\", "\\n", "it\\'s")
HOSTILE_AGENTS = (" :plays", "x :level or :nothing", "rv: :agents", "\\", "\\' || 'x", "it\\'s :place")


def _file(name: str, *lines: str, number: int = 0) -> Version:
    return Version(name, "\n".join(lines).encode(), BASE_TIME + number * 1_000_000)


SHAPES: Run = {
    each.name: each
    for each in (
        _file("song_data/s.json", *SONGS),
        _file("log_data/visit.json", visit(userId="99", ts=at("2018-11-12T09:00")), number=1),
        _file("log_data/plays.json", *PLAYS, number=2),
        _file(
            "log_data/places.json",
            *(
                played(f"2019-10-{number + 1:02}T06:00", 17, number, location=place)
                for number, place in enumerate((*QUEER_PLACES, *BACKSLASHES))
            ),
            number=3,
        ),
    )
}


@pytest.fixture(scope="module")
def shapes(cluster: Cluster, folder: Path) -> Iterator[Twins]:
    """Both engines with these files."""
    with cluster.twins(folder) as twins:
        twins.lay(SHAPES)
        twins.load()
        yield twins


Asking = Callable[[str, Given], list[Answer]]


@pytest.fixture(scope="module")
def asking(shapes: Twins) -> Iterator[Asking]:
    """What both engines answer, each question asked once."""
    with ExitStack() as stack:
        warehouses = [stack.enter_context(house.reading()) for house in shapes.houses]
        known: dict[str, list[Answer]] = {}

        def ask(name: str, values: Given) -> list[Answer]:
            key = repr((name, sorted(values.items())))
            if key not in known:
                known[key] = [queries.answer(warehouse, name, values) for warehouse in warehouses]
            return known[key]

        yield ask


KNOWN = reference.facts([[version] for version in SHAPES.values()])

FILTERS: tuple[Given, ...] = (
    {},
    {"start": "2018-11-13", "end": "2018-12-31"},
    {"level": "paid"},
    {"start": "2018-11-16", "level": "free", "place": "SF"},
)


def test_the_small_warehouse_has_the_shapes_that_it_is_for() -> None:
    plays = KNOWN.plays
    titles = [title for title, _ in KNOWN.songs.values()]
    names = [artist.name for artist in KNOWN.artists.values()]
    assert len(titles) > len(set(titles))
    assert len(names) > len(set(names))
    assert {play.match for play in plays} == {"exact", "title", "artist", "none"}
    assert any(play.song_id is not None and play.artist_id is None for play in plays)
    assert any(play.song_id is None and play.artist_id is not None for play in plays)
    for column in ("user", "level", "song_id", "session", "place", "agent"):
        assert any(getattr(play, column) is None for play in plays)
    assert KNOWN.users.keys() - {play.user for play in plays}
    assert len({play.at for play in plays}) < len(plays)


@pytest.mark.parametrize("name", NAMES)
def test_no_shape_multiplies_or_loses_a_play(asking: Asking, name: str) -> None:
    for values in (*(everything(name) | each for each in FILTERS), *choices(name)):
        expected = reference.answer(KNOWN, name, values)
        for found in asking(name, values):
            assert (values, found.rows) == (values, expected)


def test_questions_asked_together_keep_what_they_begin_with(shapes: Twins) -> None:
    """On DuckDB as a table for all whose filters lie within its own; it stays when the file is closed."""
    made = "select table_name from duckdb_tables() where temporary"
    narrower: tuple[Given, ...] = (
        {"start": "2018-11-13", "end": "2018-11-13"},
        {"end": "2018-11-16", "level": "free"},
        {"start": "2018-11-14", "level": "paid"},
    )
    elsewhere: tuple[Given, ...] = (
        {"place": "SF"},
        {"place": "SF", "level": "paid"},
        {"place": "SF "},
        {"place": "sf"},
    )
    for house in shapes.houses:
        with house.open() as (warehouse, _):
            for filters, tables in ((({}, *narrower, *FILTERS[:3]), 1), (elsewhere, 4), (({}, *narrower), 4)):
                with warehouse.asking():
                    for values in filters:
                        for name in NAMES:
                            expected = reference.answer(KNOWN, name, everything(name) | values)
                            assert queries.answer(warehouse, name, everything(name) | values).rows == expected
                    if warehouse.engine == "duckdb":
                        assert len(warehouse.ask(made).rows) == len(warehouse.kept()) == tables
                assert warehouse.kept() == []
                assert warehouse.keep("one", "select 1 as one") is None
            with warehouse.asking():
                assert warehouse.keep("nothing", "select no_such_column from songplays") is None, (
                    "asked by itself, it would fail"
                )
                assert "nothing" not in warehouse.kept()


# --- Invariants ------------------------------------------------------------------------------------------

Rows = list[dict[str, Any]]
Check = Callable[[Rows, list[Play], Facts], None]


@dataclass(frozen=True)
class Invariant:
    """What an answer keeps: the words of the header, and what these mean."""

    words: str
    holds: Check


INVARIANTS: dict[str, Invariant] = {}
"""By the name of the query."""


def keeps(name: str, words: str) -> Callable[[Check], Check]:
    def add(holds: Check) -> Check:
        INVARIANTS[name] = Invariant(words, holds)
        return holds

    return add


def total(rows: Rows, column: str = "plays") -> int:
    return sum(row[column] for row in rows)


def known_users(plays: Sequence[Play]) -> set[int | None]:
    return {play.user for play in plays} - {None}


@keeps("active-users", "daily is at most weekly, weekly at most monthly, monthly at most the listeners of 30 days")
def active_users(rows: Rows, plays: list[Play], known: Facts) -> None:
    for row in rows:
        near = [play for play in known.plays if 0 <= (row["day"] - play.day).days < 30]
        assert 1 <= row["daily"] <= row["weekly"] <= row["monthly"] <= len(known_users(near))
        assert 0 < row["stickiness"] <= 1


@keeps("artist-places", "the plays are at most those in the range that have an artist")
def artist_places(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows) <= sum(play.artist_id is not None for play in plays)


@keeps("by-device", "the plays sum to those in the range")
@keeps("match-quality", "the plays sum to those in the range")
@keeps("overview", "the plays are those in the range")
@keeps("plays-by-hour", "the plays sum to those in the range")
@keeps("plays-by-weekday", "the plays sum to those in the range")
@keeps("plays-over-time", "the plays sum to those in the range")
@keeps("tiers-over-time", "the plays sum to those in the range")
@keeps("top-places", "over all places, the plays sum to those in the range")
def all_plays(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows) == len(plays)


@keeps("peak-hour", "over all hours, the plays sum to those in the range")
def peak_hour(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows, "total_plays") == len(plays)


@keeps("by-gender", "the plays sum to those in the range, the listeners to those in the range")
def by_gender(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert (total(rows), total(rows, "listeners")) == (len(plays), len(known_users(plays)))


@keeps("catalogue-coverage", "played is at most what the catalogue has")
def catalogue_coverage(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert [row["in_catalogue"] for row in rows] == [len(known.songs), len(known.artists)]
    assert all(row["played"] <= row["in_catalogue"] for row in rows)


@keeps("heavy-users", "over all users, the plays sum to those in the range that have a user")
def heavy_users(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows) == sum(play.user is not None for play in plays)
    assert len({row["user_id"] for row in rows}) == len(rows)


@keeps(
    "missing-songs",
    "over all songs, the plays sum to those in the range that have no song but a title of more than spaces",
)
def missing_songs(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows) == sum(play.song_id is None and bool((play.track[0] or "").strip(" \t")) for play in plays)


@keeps("most-played-song", "over all titles, the plays sum to those in the range that have a song")
def most_played_song(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows, "play_count") == sum(play.song_id is not None for play in plays)


@keeps(
    "new-and-returning",
    "both sum to the listeners of the period; a user is new once, in the period of the first play",
)
def new_and_returning(rows: Rows, plays: list[Play], known: Facts) -> None:
    for row in rows:  # of weeks
        week = [play for play in plays if 0 <= (play.day - row["period"]).days < 7]
        assert row["new_listeners"] + row["returning_listeners"] == len(known_users(week))
    assert total(rows, "new_listeners") <= len(known_users(plays))
    if len(plays) == len(known.plays):
        assert total(rows, "new_listeners") == len(known_users(plays))


@keeps(
    "plays-per-session", "the sessions sum to those in the range, the plays to those in the range that have a session"
)
@keeps("session-length", "the sessions sum to those in the range, the plays to those in the range that have a session")
def by_session(rows: Rows, plays: list[Play], known: Facts) -> None:
    found = [(play.user, play.session) for play in plays if play.session is not None]
    assert (total(rows, "sessions"), total(rows)) == (len(set(found)), len(found))


@keeps("retention", "period 0 of a cohort is its size unless a filter hides first plays; no share is above 1")
def retention(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert all(0 < row["share"] <= 1 and row["periods_since"] >= 0 for row in rows)
    if len(plays) == len(known.plays):
        begun = [row for row in rows if row["periods_since"] == 0]
        assert all(row["listeners"] == row["cohort_size"] for row in begun)
        assert total(begun, "cohort_size") == len(known_users(plays))


@keeps("tier-changes", "of one user, upgrades and downgrades differ by one at most")
def tier_changes(rows: Rows, plays: list[Play], known: Facts) -> None:
    """Of all users by as many as change."""
    changing = [
        user for user in known_users(plays) if {"free", "paid"} <= {play.level for play in plays if play.user == user}
    ]
    assert abs(total(rows, "upgrades") - total(rows, "downgrades")) <= len(changing)
    if len(changing) == 0:
        assert rows == []


@keeps(
    "time-to-upgrade",
    "the users sum to those whose first free play in the range is before their first paid one in it",
)
def time_to_upgrade(rows: Rows, plays: list[Play], known: Facts) -> None:
    def first(user: int | None, level: str) -> datetime:
        return min((play.at for play in plays if (play.user, play.level) == (user, level)), default=datetime.max)

    upgraded = [user for user in known_users(plays) if first(user, "free") < first(user, "paid") < datetime.max]
    assert total(rows, "users") == len(upgraded)
    assert all(row["days"] >= 0 for row in rows)


@keeps("top-artists", "over all artists, the plays sum to those in the range that have an artist")
def top_artists(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows) == sum(play.artist_id is not None for play in plays)
    assert len({row["artist_id"] for row in rows}) == len(rows)


@keeps("top-songs", "over all songs, the plays sum to those in the range that have a song")
def top_songs(rows: Rows, plays: list[Play], known: Facts) -> None:
    assert total(rows) == sum(play.song_id is not None for play in plays)
    assert len({row["song_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_keeps_the_invariant_of_its_header(asking: Asking, name: str) -> None:
    assert name in INVARIANTS, f"say in this file what the invariant of {name} means"
    assert queries.named_query(name).invariant == INVARIANTS[name].words
    for values in FILTERS:
        plays = reference.within(KNOWN, _asked(values))
        for found in asking(name, everything(name) | values):
            INVARIANTS[name].holds([dict(zip(found.columns, row, strict=True)) for row in found.rows], plays, KNOWN)


def _asked(values: Mapping[str, str]) -> reference.Asked:
    return reference.Asked(
        start=date.fromisoformat(values.get("start", date.min.isoformat())),
        end=date.fromisoformat(values.get("end", date.max.isoformat())),
        level=values.get("level", "all"),
        place=values.get("place", ""),
    )


def test_no_invariant_outlives_its_query() -> None:
    assert set(INVARIANTS) == set(NAMES) == set(reference.ANSWERS)


# --- Any small history -----------------------------------------------------------------------------------


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Given]:
    """Values for every query, near what the histories have."""
    found: dict[str, Given] = {}
    days = st.sampled_from(["2009-12-31", "2018-11-11", "2018-11-12", "2018-12-31", "2020-02-29", "1970-01-01"])
    for name in NAMES:
        values = draw(st.fixed_dictionaries({}, optional={"level": st.sampled_from(["free", "paid"])}))
        if draw(st.booleans()):
            values["start"], values["end"] = sorted([draw(days), draw(days)])
        if draw(st.integers(0, 3)) == 0:
            values["place"] = draw(st.sampled_from(["SF", " ", "LA", "Århus", twice("Århus")]))
        for parameter in own(name):
            if parameter.kind == "choice":
                values[parameter.name] = draw(st.sampled_from(parameter.choices))
            elif draw(st.booleans()):
                values[parameter.name] = str(draw(st.integers(1, 5)))
        found[name] = values
    return found


@examples(4)
@given(histories(max_runs=2), questions())
def test_any_history_gives_what_the_reference_says(folder: Path, history: list[Run], asked: dict[str, Given]) -> None:
    with fresh_house(folder) as house:
        for run in history:
            house.lay(run)
            house.load(max_errors=ALL_REJECTS)
        known = reference.facts(batches(history))
        with house.reading() as warehouse:
            for name, values in asked.items():
                found = queries.answer(warehouse, name, values).rows
                assert (name, values, found) == (name, values, reference.answer(known, name, values))


@examples(2)
@given(histories(max_runs=1), questions())
def test_any_history_gives_the_same_on_both_engines(
    cluster: Cluster, folder: Path, history: list[Run], asked: dict[str, Given]
) -> None:
    with cluster.twins(folder) as twins:
        for run in history:
            twins.lay(run)
            twins.load(max_errors=ALL_REJECTS)
        known = reference.facts(batches(history))
        for house in twins.houses:
            with house.reading() as warehouse:
                for name, values in asked.items():
                    found = queries.answer(warehouse, name, values).rows
                    assert (name, values, found) == (name, values, reference.answer(known, name, values))


# --- Nothing ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(cluster: Cluster, folder: Path) -> Iterator[Twins]:
    """Both engines with tables and no rows."""
    with cluster.twins(folder) as twins:
        twins.load()
        yield twins


NOTHING: dict[str, list[tuple[object, ...]]] = {
    "overview": [(0, 0, 0, 0, None)],
    "catalogue-coverage": [("songs", 0, 0, None), ("artists", 0, 0, None)],
}


def test_an_empty_warehouse_answers_every_question(empty: Twins) -> None:
    nothing = reference.facts([])
    for house in empty.houses:
        with house.reading() as warehouse:
            for name in NAMES:
                found = queries.answer(warehouse, name)
                assert (name, found.rows) == (name, NOTHING.get(name, []))
                assert found.rows == reference.answer(nothing, name, {})
                assert found.columns


# --- Parameters ------------------------------------------------------------------------------------------

DAYS = "give a day like 2018-11-01"
REFUSED = (
    *(
        ("top-songs", "limit", text, "give a whole number from 1 to 1000")
        for text in (
            "0",
            "1001",
            "-1",
            "",
            " 5",
            "5 ",
            "1.5",
            "1e3",
            "٣",
            "²",
            "0x10",
            "9" * 30,
            "1; drop table users",
            "all",
        )
    ),
    *(("peak-hour", "limit", text, "give a whole number from 1 to 24") for text in ("25", "0")),
    *(
        ("plays-over-time", "by", text, "give day, week or month")
        for text in ("hour", "Day", "", "day ", "day', 'x", "'day'")
    ),
    *(("retention", "by", text, "give week or month") for text in ("day", "year")),
    *(
        ("overview", name, text, DAYS)
        for name in ("start", "end")
        for text in (
            *("2018-02-30", "2018-13-01", "2018-1-1", "20181101", "2018-W44-4", "2018-11-01T00:00", "1.11.2018", ""),
            *("yesterday", "0000-01-01", "10000-01-01", "-001-01-01", " 2018-11-01", "2018-11-01\n", "２０１８-11-01"),
            *("2018-11-01' or '1'='1", "2018-11-01; drop table users"),
        )
    ),
    *(("by-gender", "level", text, "give all, free or paid") for text in ("Free", "free ", "premium", "", "free' --")),
    ("top-places", "place", "a\0b", "give a place as top-places lists it"),
)


@pytest.mark.parametrize(("name", "parameter", "text", "valid"), REFUSED)
def test_what_is_valid_is_named(name: str, parameter: str, text: str, valid: str) -> None:
    with pytest.raises(UsageError) as caught:
        queries.checked(queries.named_query(name), {parameter: text})
    assert str(caught.value) == str(UsageError(f"-p {parameter}={text}: {valid}"))  # on one line


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    query = queries.named_query("overview")
    with pytest.raises(UsageError, match=r"^-p start=2018-11-02: is after -p end=2018-11-01; give an earlier day$"):
        queries.checked(query, {"start": "2018-11-02", "end": "2018-11-01"})
    assert queries.checked(query, {"start": "2018-11-02", "end": "2018-11-02"})["end"] == "2018-11-02"


def test_unknown_names_are_told_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        queries.named_query("top-song")
    assert str(caught.value) == f"no query 'top-song'; there are {', '.join(NAMES)}"
    with pytest.raises(UsageError) as caught:
        queries.checked(queries.named_query("peak-hour"), {"by": "day"})
    assert str(caught.value) == "peak-hour takes no by; it takes limit, start, end, level, place"
    for text in ("by=day", "limit", "", "=3", "LIMIT=3"):
        with pytest.raises(UsageError) as caught:
            queries.settings(queries.named_query("peak-hour"), [text])
        assert str(caught.value) == f"-p {text}: peak-hour takes limit=…, start=…, end=…, level=…, place=…"


def test_a_refused_value_is_not_asked_about(asking: Asking) -> None:
    with pytest.raises(UsageError, match="give a whole number"):
        asking("top-songs", {"limit": "1 union all select 1"})


def test_values_are_what_stands_behind_the_first_sign() -> None:
    found = queries.settings(
        queries.named_query("overview"), ["place=x=y", "level=free", "level=paid", "start=0001-01-01"]
    )
    assert (found["place"], found["level"], found["start"]) == ("x=y", "paid", "0001-01-01")
    assert queries.settings(queries.named_query("top-songs"), ["limit=007"])["limit"] == "7"


@pytest.mark.parametrize("place", QUEER_PLACES)
def test_a_place_is_a_plain_value(asking: Asking, place: str) -> None:
    _only_there(asking, place)


@pytest.mark.parametrize("place", BACKSLASHES)
def test_a_place_with_a_backslash_is_a_plain_value(asking: Asking, place: str) -> None:
    """Redshift takes a backslash in a literal for an escape."""
    _only_there(asking, place)


def _only_there(asking: Asking, place: str) -> None:
    for found in asking("top-places", {"place": place}):
        assert found.rows == [(place, 1, 1)]
    for found in asking("by-device", {"place": place}):
        assert found.rows == [(None, None, 1, 1)]


@pytest.mark.parametrize("place", ["nowhere", " ", "  ", "SF ", "SF   ", "sf", "S", "' or ''='", "\t"])
def test_a_place_is_compared_to_the_last_blank(asking: Asking, place: str) -> None:
    expected = reference.answer(KNOWN, "overview", {"place": place})
    for found in asking("overview", {"place": place}):
        assert found.rows == expected


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-05", "1969-12-31", "2019-05-31", "9999-12-31"])
def test_days_before_a_range_count_and_calendars_end(asking: Asking, day: str) -> None:
    for values in ({"start": day}, {"end": day}, {"start": day, "end": day}):
        for found in asking("active-users", values):
            assert found.rows == reference.answer(KNOWN, "active-users", values)


# --- Agents ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (SAFARI, ("Safari", "Mac OS X")),
        (f'"{SAFARI}"', ("Safari", "Mac OS X")),
        (CHROME, ("Chrome", "Windows")),
        (FIREFOX, ("Firefox", "Windows")),
        ("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", ("IE", "Windows")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0", ("Firefox", "Linux")),
        ("", (None, None)),
        ('"', (None, None)),
        ("it's nothing; --", (None, None)),
        ("\0", (None, None)),
        ("🎵", (None, None)),
    ],
)
def test_browser_and_system(agent: str, expected: tuple[str | None, str | None]) -> None:
    assert browser_and_system(agent) == expected


@pytest.mark.parametrize(
    "piece",
    ["x", "(", " ", "Mozilla/5.0 (", "a;", "1.", "/", "Chrome/1 ", "Windows NT ", '"', "\\", "0", "iPhone OS 1_"],
)
def test_no_agent_takes_long(piece: str) -> None:
    agent = (piece * 10_000)[:10_000]
    started = time.perf_counter()
    found = browser_and_system(agent)
    assert time.perf_counter() - started < 5
    assert all(name is None or len(name) < 5000 for name in found)


def agents_of(cluster: Cluster, folder: Path, agents: Sequence[str]) -> Iterator[list[tuple[object, ...]]]:
    """What is answered by device after one play with each of these, on each engine."""
    lines = [played("2019-01-01", number, userAgent=agent) for number, agent in enumerate(agents)]
    with cluster.twins(folder) as twins:
        twins.lay({"log_data/d.json": _file("log_data/d.json", *lines)})
        twins.load()
        for house in twins.houses:
            yield answered(house, "by-device", {})


def test_a_hostile_agent_is_a_plain_value(cluster: Cluster, folder: Path) -> None:
    agents = [f"{FIREFOX}{hostile}" for hostile in HOSTILE_AGENTS]
    for found in agents_of(cluster, folder, [*agents, *HOSTILE_AGENTS]):
        assert {row[:2]: row[2] for row in found} == {
            ("Firefox", "Windows"): len(agents),
            (None, None): len(HOSTILE_AGENTS),
        }


def test_agents_beyond_the_most_used_are_unknown(cluster: Cluster, folder: Path) -> None:
    """And so many are no burden: a statement for each would be."""
    agents = [f"{FIREFOX} {number:04}" for number in range(reference.KNOWN_AGENTS + 5)]
    for found in agents_of(cluster, folder, agents):
        assert found == [("Firefox", "Windows", reference.KNOWN_AGENTS, reference.KNOWN_AGENTS), (None, None, 5, 5)]


# --- Statements and headers ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_statement_gives_the_answer_in_any_tool(shapes: Twins, name: str) -> None:
    values = FILTERS[3] | {each.name: each.choices[-1] for each in own(name) if each.kind == "choice"}
    for house in shapes.houses:
        with house.reading() as warehouse:
            statement = queries.statement(warehouse, name, values)
            answer = queries.answer(warehouse, name, values)
            pasted = warehouse.ask(statement + ";")
            assert (pasted.columns, pasted.types) == (answer.columns, answer.types)
            if not queries.named_query(name).decoded:
                assert pasted.rows == answer.rows
            assert len(pasted.rows) == len(answer.rows)
            parsed = sqlglot.parse(statement, dialect=warehouse.engine)
            assert len(parsed) == 1
            assert isinstance(parsed[0], (sqlglot.exp.Select, sqlglot.exp.SetOperation))
            if warehouse.engine == "redshift":
                assert grammar.errors([statement]) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_header_says_what_its_file_does(empty: Twins, name: str) -> None:
    query = queries.named_query(name)
    text = sql_queries.body(sql_queries.source(f"analytics/{name}"))
    placeholders = set(re.findall(r"(?<![:\w]):([a-z]+)\b", text))
    assert placeholders - {"plays", "listening", "agents", *(each.name for each in query.parameters)} == set()
    assert {each.name for each in own(name)} <= placeholders
    assert placeholders & {"plays", "listening"}, "the filters do nothing"
    assert query.question.endswith("?")
    assert query.title
    assert query.grain.startswith("one row")
    assert query.drawing.form in get_args(queries.Form)
    assert query.lookback >= 0
    with empty.houses[0].reading() as warehouse:
        columns = set(queries.answer(warehouse, name).columns)
    drawn = {query.drawing.x, *query.drawing.y, query.drawing.color, query.drawing.measure} - {""}
    assert drawn <= columns
    assert set(query.decoded) <= columns
    for parameter in query.parameters:
        if parameter.kind == "text":
            assert parameter.default == ""
        assert parameter.check(parameter.default) == parameter.default
        assert parameter.about
        assert parameter.valid
    assert [each.default for each in own(name)] == list(reference.DEFAULTS.get(name, {}).values())


def test_placeholders_of_the_filters_are_their_parameters() -> None:
    found = {
        name: set(re.findall(r"(?<![:\w]):([a-z]+)\b", sql_queries.body(sql_queries.source(name))))
        for name in sql_queries.names("filter")
    }
    assert found == {
        "filter/plays": {each.name for each in queries.FILTERS},
        "filter/agents": {"plays", "limit"},
        "filter/listening": {"plays"},
        "filter/kept": {"kept", "start", "end", "level"},
    }


def test_titles_are_told_apart() -> None:
    titles = [query.title for query in queries.queries()]
    assert len(set(titles)) == len(titles)


def test_the_catalogue_lists_every_query_with_its_parameters() -> None:
    lines = queries.catalogue()
    for query in queries.queries():
        at_line = next(number for number, line in enumerate(lines) if line.split()[:1] == [query.name])
        assert lines[at_line].endswith(query.question)
        for offset, parameter in enumerate(own(query.name), start=1):
            assert lines[at_line + offset].strip().startswith(f"-p {parameter.name}={parameter.default}  ")
            assert lines[at_line + offset].endswith(parameter.valid)
    assert [line.split("=")[0].strip() for line in lines[-4:]] == [f"-p {each.name}" for each in queries.FILTERS]
